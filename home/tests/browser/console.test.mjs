// The whole journey through the console, with a wallet, against the real services.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { assertAccessible, assertQuiet, launch, open, picture } from './browser.mjs'
import { curl, eventually } from './platform.mjs'
import { install } from './wallet.mjs'

const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
// The browser's own line for an answer that is an error, where the test provokes one.
const REFUSED = [/Failed to load resource: the server responded with a status of 4\d\d/]

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()

async function visit({ page }, name) {
  await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name, exact: true }).click()
  await heading(page, name)
}

async function signIn(watched) {
  const wallet = await install(watched.context)
  await watched.page.goto('/console')
  await watched.page.getByRole('button', { name: 'Test Wallet' }).click()
  await heading(watched.page, 'Projects')
  return wallet
}

async function look(watched, name) {
  await assertAccessible(watched)
  await picture(watched, name)
}

async function agree(page, label) {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: label }).click()
  await dialog.waitFor({ state: 'detached' })
}

async function createToken(page, name) {
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Create token' }).click()
  return page.locator('#token').textContent()
}

for (const [size, scheme] of [['desktop', 'light'], ['desktop', 'dark'], ['phone', 'light'], ['phone', 'dark']]) {
  test(`sign in, make a token and use it, publish, revoke, sign out: ${size}, ${scheme}`, async () => {
    const watched = await open(browser, { size, scheme })
    const { page } = watched

    const wallet = await signIn(watched)
    assert.match(wallet.signed[0], /wants you to sign in with your Ethereum account/)
    await page.getByRole('heading', { name: 'No projects yet' }).waitFor()
    await look(watched, 'projects-empty')

    await visit(watched, 'Tokens')
    await page.getByRole('heading', { name: 'No tokens yet' }).waitFor()
    const token = await createToken(page, 'journey')
    assert.match(token, /^af_live_[0-9A-Za-z]{38}$/)
    await look(watched, 'token-created')
    assert.equal((await curl(token, '{ projects { totalCount } }')).data.projects.totalCount, 0)

    await visit(watched, 'Projects')
    await page.getByLabel('Name').fill('Field notes')
    await page.getByRole('button', { name: 'Create project' }).click()
    await heading(page, 'Field notes')
    await look(watched, 'project')
    const { data } = await curl(token, '{ projects { data { name slug } } }')
    assert.deepEqual(data.projects.data, [{ name: 'Field notes', slug: 'field-notes' }])

    await page.getByLabel('Name').first().fill('Garden')
    await page.getByRole('button', { name: 'Create site' }).click()
    await heading(page, 'Garden')
    await publish(watched)

    await visit(watched, 'Sessions')
    await page.getByText('This one').waitFor()
    await look(watched, 'sessions')
    await visit(watched, 'Account')
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await look(watched, 'account')

    await visit(watched, 'Tokens')
    assert.equal(await page.locator('#token').count(), 1, 'shown until it is put away')
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Revoke journey' }).click()
    await picture(watched, 'revoke')
    await agree(page, 'Revoke token')
    await page.getByRole('heading', { name: 'No tokens yet' }).waitFor()
    await eventually('the revoked token is refused', async () => {
      const { errors } = await curl(token, '{ projects { totalCount } }')
      return errors?.[0].extensions.code === 'UNAUTHENTICATED'
    })

    await page.getByRole('button', { name: 'Sign out' }).click()
    await heading(page, 'Sign in')
    await look(watched, 'signed-out')
    assertQuiet(watched, REFUSED)
    await watched.context.close()
  })
}

async function publish(watched) {
  const { page } = watched
  await page.getByRole('heading', { name: 'Nothing deployed yet' }).waitFor()
  await page.getByLabel('CID').fill('not-a-cid')
  await page.getByRole('button', { name: 'Register deployment' }).click()
  const deployments = page.getByRole('region', { name: 'Deployments' })
  await deployments.getByRole('alert').filter({ hasText: /./ }).waitFor()
  await look(watched, 'site-bad-cid')
  await page.getByLabel('CID').fill(CID)
  await page.getByRole('button', { name: 'Register deployment' }).click()
  await deployments.getByText(CID).waitFor()

  await page.getByLabel('Hostname').fill('notes.example.org')
  await page.getByRole('button', { name: 'Add domain' }).click()
  const domains = page.getByRole('region', { name: 'Domains' })
  await domains.getByText('Publish this TXT record').waitFor()
  await look(watched, 'site')
  await domains.getByRole('button', { name: 'Remove notes.example.org' }).click()
  await agree(page, 'Remove domain')
  await page.getByRole('heading', { name: 'No domains yet' }).waitFor()
}

test('a wallet that says no, and then yes', async () => {
  const watched = await open(browser)
  const { page } = watched
  const wallet = await install(watched.context)
  wallet.refuse = true
  await page.goto('/console')
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await page.getByText('You refused in the wallet').waitFor()
  await look(watched, 'refused')
  wallet.refuse = false
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await heading(page, 'Projects')
  assertQuiet(watched)
  await watched.context.close()
})

test('a second wallet opens the same account until it is unlinked', async () => {
  const watched = await open(browser, { size: 'phone' })
  const { page } = watched
  const wallet = await signIn(watched)
  await visit(watched, 'Wallets')
  wallet.next()
  const second = wallet.account.address
  await page.getByRole('button', { name: 'Link Test Wallet' }).click()
  await page.getByRole('button', { name: new RegExp(`Unlink ${second}`, 'i') }).waitFor()
  await look(watched, 'wallets')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Test Wallet' }).click()
  await heading(page, 'Wallets')
  await page.getByRole('button', { name: new RegExp(`Unlink ${second}`, 'i') }).click()
  await agree(page, 'Unlink wallet')
  await eventually('one wallet is left', async () => await page.getByRole('button', { name: /^Unlink/ }).count() === 0)
  assertQuiet(watched)
  await watched.context.close()
})

test('everything can be done with the keyboard', async () => {
  const watched = await open(browser)
  const { page } = watched
  await install(watched.context)
  await page.goto('/console')
  await page.getByRole('button', { name: 'Test Wallet' }).waitFor()
  await tabTo(page, 'Test Wallet')
  await page.keyboard.press('Enter')
  await heading(page, 'Projects')
  await tabTo(page, 'Tokens')
  await page.keyboard.press('Enter')
  await heading(page, 'Tokens')
  await tabTo(page, 'INPUT')
  await page.keyboard.type('by keyboard')
  await page.keyboard.press('Enter')
  await page.locator('#token').waitFor()
  await tabTo(page, 'Revoke by keyboard')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await tabTo(page, 'Revoke token')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'No tokens yet' }).waitFor()
  assertQuiet(watched)
  await watched.context.close()
})

/** Presses Tab until what has the focus carries a name. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab')
    const names = await page.evaluate(() => {
      const { tagName, textContent, ariaLabel } = document.activeElement
      return [tagName, textContent.replace('→', '').trim(), ariaLabel]
    })
    if (names.includes(name)) return
  }
  assert.fail(`the keyboard does not reach ${name}`)
}

test('no page can read a token, and one that is open keeps the next one signed in', async () => {
  const watched = await open(browser)
  const { page, context } = watched
  await signIn(watched)
  const stores = await page.evaluate(async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, await indexedDB.databases(), Object.values(window).filter((value) => typeof value === 'string'),
  ]))
  assert.ok(!/eyJ|refresh/i.test(stores), stores)
  const other = await context.newPage()
  await other.goto('/console')
  await heading(other, 'Projects')
  await other.getByRole('button', { name: 'Sign out' }).click()
  await heading(page, 'Sign in')
  assertQuiet(watched)
  await context.close()
})

test('without a wallet the page says what to do', async () => {
  const watched = await open(browser, { size: 'phone', scheme: 'dark' })
  // As production serves it: the platform of these tests runs for development.
  await watched.page.route('**/console', async (route) => {
    const response = await route.fetch()
    const body = (await response.text()).replace('<meta name="af:burner" content="yes">', '')
    await route.fulfill({ response, body })
  })
  await watched.page.goto('/console')
  await watched.page.getByRole('heading', { name: 'No wallet in this browser' }).waitFor()
  await look(watched, 'no-wallet')
  assertQuiet(watched)
  await watched.context.close()
})

test('in development a throw-away wallet signs in, and is the same one next time', async () => {
  const watched = await open(browser)
  const { page } = watched
  const addresses = []
  for (let visit = 0; visit < 2; visit++) {
    await page.goto('/console')
    await page.getByRole('button', { name: 'Throw-away wallet' }).click()
    await heading(page, 'Projects')
    addresses.push(await page.locator('.who .mono').getAttribute('title'))
    await page.getByRole('button', { name: 'Sign out' }).click()
    await heading(page, 'Sign in')
  }
  assert.match(addresses[0], /^0x[0-9a-f]{40}$/i)
  assert.equal(addresses[0], addresses[1])
  assertQuiet(watched)
  await watched.context.close()
})
