// Runs every audit of graphql-http against the GraphQL endpoint in argv[2] and prints a table; ends
// with 1 unless each of them is plainly ok: a warning or a notice counts as a failure, too.
import { auditServer } from 'graphql-http'

const url = process.argv[2]
const results = await auditServer({ url, fetchFn: fetch })

for (const { id, name, status, reason } of results) {
  console.log(`${status.padEnd(6)} ${id}  ${name}${reason ? `  (${reason})` : ''}`)
}
const failed = results.filter(({ status }) => status !== 'ok').length
console.log(`audits: ${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 && results.length > 0 ? 0 : 1
