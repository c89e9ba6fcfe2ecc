// A command-line login, approved and refused in the browser.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { assertAccessible, assertQuiet, launch, open, picture } from './browser.mjs'
import { curl, home, post } from './platform.mjs'
import { install } from './wallet.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
const poll = ({ verificationSessionId, pollSecret }) => post('/auth/cli/poll', { verificationSessionId, pollSecret })

/** Starts a login as the client does and opens its address, signed in. */
async function arrive(options) {
  const { status, body } = await post('/auth/cli/start', { name: 'Night train' }, { 'user-agent': 'af-cli/1.0' })
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.verificationUrl, `${home}/login/${body.verificationSessionId}`)
  const watched = await open(browser, options)
  await install(watched.context)
  await watched.page.goto(`/login/${body.verificationSessionId}`)
  await heading(watched.page, 'Approve a login')
  await assertAccessible(watched)
  await watched.page.getByRole('button', { name: 'Test Wallet' }).click()
  await heading(watched.page, 'Is this you?')
  return { watched, login: body }
}

for (const [size, scheme] of [['desktop', 'light'], ['phone', 'dark']]) {
  test(`an approved login gets its token: ${size}, ${scheme}`, async () => {
    const { watched, login } = await arrive({ size, scheme })
    const { page } = watched
    for (const fact of ['Night train', 'af-cli', '127.0.0.1', 'just now', login.verificationSessionId]) {
      assert.ok(await page.getByText(fact).first().isVisible(), fact)
    }
    await assertAccessible(watched)
    await picture(watched, 'login')
    assert.equal((await poll(login)).status, 202)

    await page.getByRole('button', { name: 'Approve' }).click()
    await heading(page, 'Approved')
    await assertAccessible(watched)
    await picture(watched, 'login-approved')
    const { status, body } = await poll(login)
    assert.equal(status, 200)
    assert.ok((await curl(body.token, '{ me { walletAddress } }')).data.me.walletAddress)

    await page.reload()
    assertQuiet(watched)
    await watched.context.close()
  })
}

test('a refused login gets nothing', async () => {
  const { watched, login } = await arrive({})
  await watched.page.getByRole('button', { name: 'Refuse' }).click()
  await heading(watched.page, 'Refused')
  const { status, body } = await poll(login)
  assert.ok(status >= 400 && body.error && !body.token, JSON.stringify(body))
  assertQuiet(watched)
  await watched.context.close()
})

test('an unknown login is said to be over', async () => {
  const watched = await open(browser)
  await install(watched.context)
  await watched.page.goto('/login/00000000000000000000000000000000')
  await watched.page.getByRole('button', { name: 'Test Wallet' }).click()
  await heading(watched.page, 'This login is over')
  assertQuiet(watched, [/status of 404/])
  await watched.context.close()
})
