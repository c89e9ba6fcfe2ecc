// What the console asks the GraphQL service is part of its committed schema.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { buildSchema, parse, validate } from 'graphql'

const source = readFileSync(new URL('../../site/assets/console/operations.js', import.meta.url), 'utf8')
const schema = buildSchema(readFileSync(new URL('../../../backend/schema.graphql', import.meta.url), 'utf8'))

test('every operation is valid against the schema', async () => {
  // As text, since the scripts of the site are modules in a folder without a package.json.
  const operations = await import(`data:text/javascript,${encodeURIComponent(source)}`)
  const names = Object.keys(operations)
  assert.ok(names.length > 10)
  for (const name of names) {
    assert.deepEqual(validate(schema, parse(operations[name])).map((error) => error.message), [], name)
  }
})
