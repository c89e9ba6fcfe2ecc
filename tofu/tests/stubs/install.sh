#!/bin/sh
# Stands in for K3s's installer: leaves a `k3s` of the wanted version and a unit, as that does.
echo "install.sh $INSTALL_K3S_VERSION $INSTALL_K3S_EXEC skip-start=$INSTALL_K3S_SKIP_START" >>/log
[ ! -e /state/installer-fails ] || exit 1
cat >/usr/local/bin/k3s <<'END'
#!/bin/sh
if [ "$1" = --version ]; then
  echo "k3s version $(cat /state/version) (0000000)"
  exit
fi
echo "k3s $*" >>/log
# A node is ready on the second look.
if [ -e /state/active ] && [ -e /state/looked ]; then echo True; else echo False; fi
touch /state/looked
END
chmod 755 /usr/local/bin/k3s
echo "$INSTALL_K3S_VERSION" >/state/version
name=k3s
[ "$INSTALL_K3S_EXEC" = server ] || name="k3s-$INSTALL_K3S_EXEC"
touch "/etc/systemd/system/$name.service"
