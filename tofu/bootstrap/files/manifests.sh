# K3s applies what lies in this folder at its start and whenever it changes.
install -d -m 0700 "$(dirname "$MANIFESTS")" "$MANIFESTS"
put_files

# Deleting a file deletes nothing in the cluster; it only stops K3s from applying it again.
for file in "$MANIFESTS"/af-*.yaml; do
  [[ " $NAMES " == *" $(basename "$file") "* ]] || rm -f "$file"
done

printf 'manifests: changed=%s\n' "$CHANGED"
