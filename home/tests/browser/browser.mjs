// Debian's Chromium, and what every page is watched for: errors in its console, violations of its
// policy, requests to anybody else.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

import { api, auth, home } from './platform.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const pictures = process.env.SCREENSHOTS

export const SIZES = { desktop: { width: 1320, height: 900 }, phone: { width: 390, height: 800 }, small: { width: 320, height: 640 } }

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Containers give the sandbox neither the rights nor the shared memory it wants.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
}

/** A page of its own, with `trouble` and `requests` growing while it is used. */
export async function open(browser, { size = 'desktop', scheme = 'light', ...options } = {}) {
  const context = await browser.newContext({
    viewport: SIZES[size], colorScheme: scheme, reducedMotion: 'reduce', baseURL: home, ...options,
  })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const watched = { context, page, trouble: [], requests: [], bytes: 0, label: `${size}-${scheme}` }
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) watched.trouble.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => watched.trouble.push(`uncaught: ${error.message}`))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.effectiveDirective} ${event.blockedURI}`)
    })
  })
  page.on('request', (request) => {
    watched.requests.push(request.url())
    const origin = request.url().split('/').slice(0, 3).join('/')
    if (![home, auth, api].includes(origin) && !request.url().startsWith('data:')) {
      watched.trouble.push(`request to somebody else: ${request.url()}`)
    }
  })
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  session.on('Network.loadingFinished', ({ encodedDataLength }) => { watched.bytes += encodedDataLength })
  return watched
}

/** Nothing went wrong on a page; `expected` are the failures that the test asked for. */
export function assertQuiet({ trouble, label }, expected = []) {
  const rest = trouble.filter((line) => !expected.some((pattern) => pattern.test(line)))
  assert.deepEqual(rest, [], label)
}

/** No rule of axe-core is broken, nothing runs out of the page, there is one main heading. */
export async function assertAccessible({ page, label }) {
  await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }))
  const broken = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)
  assert.deepEqual(broken, [], `${label} ${page.url()}`)
  const { over, headings } = await page.evaluate(() => ({
    over: document.documentElement.scrollWidth - innerWidth,
    headings: document.querySelectorAll('h1').length,
  }))
  assert.ok(over <= 0, `${label} ${page.url()} is ${over} px too wide`)
  assert.equal(headings, 1, `${label} ${page.url()}`)
}

/** Keeps a picture where SCREENSHOTS names a folder. */
export async function picture({ page, label }, name) {
  if (!pictures) return
  await mkdir(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}/${name}-${label}.png`, fullPage: true })
}
