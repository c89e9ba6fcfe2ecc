// The running platform, as scripts/browser.sh hands it over.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const address = (name) => process.env[name] ?? assert.fail(`${name} is not set: run scripts/browser.sh`)

export const home = address('HOME_URL')
export const auth = address('AUTH_URL')
export const api = address('API_URL')
/** A token of somebody for the GraphQL service. */
export const token = address('API_TOKEN')
/** The GraphQL service once more, as it runs in production. */
export const production = address('PRODUCTION_URL')

const run = promisify(execFile)

/** Asks the GraphQL service with curl, as a script would; gives the answer's JSON. */
export async function curl(token, query) {
  const { stdout } = await run('curl', [
    '--silent', '--show-error', '--max-time', '20', `${api}/graphql`,
    '--header', `Authorization: Bearer ${token}`,
    '--header', 'Content-Type: application/json',
    '--data', JSON.stringify({ query }),
  ])
  return JSON.parse(stdout)
}

/** Calls the auth service as the command-line client does. */
export async function post(path, body, headers = {}) {
  const response = await fetch(auth + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

/** Asks again and again until `check` is satisfied; fails after `limit` milliseconds. */
export async function eventually(what, check, limit = 8000) {
  const end = Date.now() + limit
  let last
  while (Date.now() < end) {
    last = await check()
    if (last) return last
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  assert.fail(`not within ${limit} ms: ${what}`)
}
