// GraphiQL: in development from the service itself, in production not at all.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { assertQuiet, launch, open, picture } from './browser.mjs'
import { api, curl, eventually, production, token } from './platform.mjs'

const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

/** GraphiQL, once it has asked the service for its schema. */
async function graphiql() {
  const watched = await open(browser)
  const { page } = watched
  const introspection = page.waitForResponse((response) => response.request().method() === 'POST')
  const response = await page.goto(`${api}/graphql`)
  assert.equal(response.status(), 200)
  assert.match(response.headers()['content-type'], /^text\/html/)
  const schema = await (await introspection).json()
  assert.ok(schema.data?.__schema, JSON.stringify(schema))
  return watched
}

/** Replaces what stands in an editor, as from the clipboard. GraphiQL reads it a tenth of a second after the last key,
 *  and until then takes it for what stood there before. */
async function write(page, editor, text) {
  await page.locator(`${editor} .CodeMirror`).click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(text)
  await new Promise((resolve) => setTimeout(resolve, 400))
}

/** Waits for a result that `check` is satisfied with. */
function result(page, what, check) {
  return eventually(what, async () => {
    const text = await page.locator('.result-window .CodeMirror').evaluate((editor) => editor.CodeMirror.getValue())
    return text !== '' && check(JSON.parse(text))
  })
}

/** Nothing was asked of anybody but the service, and nothing went wrong. */
function assertOwn(watched) {
  assertQuiet(watched)
  const foreign = watched.requests.filter((url) => !url.startsWith(`${api}/`) && !url.startsWith('data:'))
  assert.deepEqual(foreign, [])
}

test('in development it is served by the service alone, knows the schema and runs a query', async () => {
  const watched = await graphiql()
  const { page } = watched

  await write(page, '.graphiql-query-editor', '{ version { version } }')
  await page.getByRole('button', { name: /^Execute query/ }).click()

  await result(page, 'the version', ({ data }) => /^\d+\.\d+\.\d+/.test(data?.version.version))
  // The schema is there to be read, and nothing in the query is underlined.
  assert.equal(await page.locator('.graphiql-query-editor .CodeMirror-lint-mark-error').count(), 0)
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click()
  await page.locator('.graphiql-doc-explorer').getByRole('link', { name: 'Subscription' }).waitFor()
  await picture(watched, 'graphiql')
  assertOwn(watched)
  await watched.context.close()
})

test('a token in the headers signs queries and subscriptions in', async () => {
  const made = async (query) => (await curl(token, query)).data.made.id
  const project = await made('mutation { made: createProject(data: { name: "GraphiQL" }) { id } }')
  const site = await made(`mutation { made: createSite(data: { name: "GraphiQL", projectId: "${project}" }) { id } }`)
  const deployment = await made(`mutation { made: createCustomIpfsDeployment(data: { siteId: "${site}", cid: "${CID}" }) { id } }`)
  const watched = await graphiql()
  const { page } = watched
  const run = () => page.keyboard.press('Control+Enter')

  await write(page, '.graphiql-query-editor', '{ me { id } }')
  await run()
  await result(page, 'nobody is signed in', ({ errors }) => errors?.[0].extensions.code === 'UNAUTHENTICATED')

  await write(page, '.graphiql-editor-tool .graphiql-editor:not(.hidden)', JSON.stringify({ authorization: `Bearer ${token}` }))
  await write(page, '.graphiql-query-editor', '{ me { id } }')
  await run()
  await result(page, 'somebody is signed in', ({ data }) => typeof data?.me?.id === 'string')

  await write(page, '.graphiql-query-editor', `subscription { deploymentStatus(deploymentId: "${deployment}") { status } }`)
  await run()
  await result(page, 'the status as it is', ({ data }) => data?.deploymentStatus?.status === 'PENDING')
  await curl(token, `mutation { updateDeploymentStatus(id: "${deployment}", status: FAILED) { id } }`)
  await result(page, 'the status that follows', ({ data }) => data?.deploymentStatus?.status === 'FAILED')

  assertOwn(watched)
  await watched.context.close()
})

test('in production it is not served', async () => {
  const watched = await open(browser)
  const { page } = watched

  const answer = await page.goto(`${production}/graphql`)

  assert.equal(answer.status(), 400)
  assert.match(answer.headers()['content-type'], /^application\/json/)
  assert.equal(await page.locator('script, link, #graphiql').count(), 0)
  for (const asset of ['start.js', 'react.js', 'react-dom.js', 'graphiql.js', 'graphiql.css']) {
    assert.equal((await page.request.get(`${production}/graphiql/${asset}`)).status(), 404, asset)
  }
  await watched.context.close()
})
