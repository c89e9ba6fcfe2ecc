// Every page for everybody: in each size and scheme, by keyboard, without script, within budget.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { assertAccessible, assertQuiet, launch, open, picture } from './browser.mjs'

const PAGES = ['/', '/consulting', '/products', '/products/web-services', '/docs', '/contact', '/legal', '/no/such/page', '/console', '/login', '/login/unknown']
const BUDGET = 60_000
const MOST_REQUESTS = { '/console': 24, '/login': 16, '/login/unknown': 16 }
// Said by the browser about the status of the page that was asked for.
const MISSING = [/Failed to load resource: the server responded with a status of 404/]

/** Fonts are there, and scripts have drawn what they draw. */
async function settled(page) {
  await page.locator('.needs-script').waitFor({ state: 'detached' })
  await page.evaluate(() => document.fonts.ready)
}

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

for (const size of ['desktop', 'phone', 'small']) {
  for (const scheme of ['light', 'dark']) {
    test(`every page is accessible, quiet and small: ${size}, ${scheme}`, async () => {
      for (const path of PAGES) {
        const watched = await open(browser, { size, scheme })
        const response = await watched.page.goto(path)
        await settled(watched.page)
        assert.equal(response.status(), path === '/no/such/page' ? 404 : 200, path)
        await assertAccessible(watched)
        assertQuiet(watched, path === '/no/such/page' ? MISSING : [])
        assert.ok(watched.bytes < BUDGET, `${path} takes ${watched.bytes} bytes`)
        const most = MOST_REQUESTS[path] ?? 5
        assert.ok(watched.requests.length <= most, `${path} makes ${watched.requests.length} requests`)
        await picture(watched, `page${path.replaceAll('/', '_')}`)
        await watched.context.close()
      }
    })
  }
}

test('pages are readable without script, and the console says what it needs', async () => {
  const watched = await open(browser, { javaScriptEnabled: false })
  for (const path of PAGES.slice(0, 8)) {
    await watched.page.goto(path)
    assert.ok(await watched.page.locator('h1').isVisible(), path)
  }
  await watched.page.goto('/console')
  assert.ok(await watched.page.locator('noscript p').isVisible())
  assert.ok(!await watched.page.getByText('Loading…').isVisible())
  await watched.context.close()
})

test('the first stop of the keyboard skips to the content', async () => {
  const watched = await open(browser)
  await watched.page.goto('/docs')
  await watched.page.keyboard.press('Tab')
  assert.equal(await watched.page.evaluate(() => document.activeElement.textContent), 'Skip to the content')
  await watched.page.keyboard.press('Enter')
  assert.equal(await watched.page.evaluate(() => document.activeElement.id), 'main')
  await watched.context.close()
})

test('nothing moves for those who asked for less motion', async () => {
  const watched = await open(browser)
  await watched.page.goto('/')
  assert.equal(await watched.page.evaluate(() => document.getAnimations().length), 0)
  await watched.context.close()
})

test('a script that got into a page is not run', async () => {
  const watched = await open(browser)
  await watched.page.goto('/console')
  const ran = await watched.page.evaluate(async () => {
    const script = document.createElement('script')
    try { script.textContent = 'window.ran = true' } catch { /* trusted types */ }
    document.body.append(script)
    try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran = true">') } catch { /* trusted types */ }
    await new Promise((resolve) => setTimeout(resolve, 300))
    return window.ran === true
  })
  assert.equal(ran, false)
  assert.ok(watched.trouble.some((line) => line.includes('policy:')), 'the policy noticed nothing')
  await watched.context.close()
})
