// The console: signs in, then shows the view that the address names (`#/projects`, `#/sites/ID`).

import { connect, onUser, signOut } from './client.js'
import { announce, errorPlace, h, run, shortened, showError } from './dom.js'
import { signInView } from './sign_in.js'
import { accountView } from './views/account.js'
import { projectView } from './views/project.js'
import { projectsView } from './views/projects.js'
import { sessionsView } from './views/sessions.js'
import { siteView } from './views/site.js'
import { hideSecret, tokensView } from './views/tokens.js'
import { walletsView } from './views/wallets.js'

const ROUTES = [
  [/^#\/projects$/, projectsView, 'Projects'],
  [/^#\/projects\/([\w-]+)$/, projectView, 'Projects'],
  [/^#\/sites\/([\w-]+)$/, siteView, 'Projects'],
  [/^#\/tokens$/, tokensView, 'Tokens'],
  [/^#\/sessions$/, sessionsView, 'Sessions'],
  [/^#\/wallets$/, walletsView, 'Wallets'],
  [/^#\/account$/, accountView, 'Account'],
]
const PLACES = ['Projects', 'Tokens', 'Sessions', 'Wallets', 'Account']

const root = document.getElementById('console')
let user = null
let drawing = 0

/** Shows the view of the present address. `focus` is false when nothing but data changed. */
async function draw(focus = true) {
  const turn = ++drawing
  if (!user) {
    document.title = 'Console · Alternate Futures'
    return root.replaceChildren(signInView('Sign in', 'Your wallet is your account. Choose the one to sign in with.'))
  }
  const [pattern, view, place] = ROUTES.find(([pattern]) => pattern.test(location.hash)) ?? ROUTES[0]
  const outlet = shell(place)
  const progress = h('p', { class: 'progress', role: 'status' }, 'Loading…')
  const keep = outlet.dataset.hash === location.hash && !focus
  if (!keep) outlet.replaceChildren(progress)
  outlet.dataset.hash = location.hash
  try {
    const content = await view(...(pattern.exec(location.hash)?.slice(1) ?? []), () => draw(false), user)
    if (turn !== drawing) return
    outlet.replaceChildren(...content.filter(Boolean))
    const title = outlet.querySelector('h1')
    document.title = `${title.textContent} · Alternate Futures`
    if (focus) title.focus({ preventScroll: true })
  } catch (error) {
    if (turn !== drawing) return
    if (error.code === 'UNAUTHENTICATED') return
    outlet.replaceChildren(failed(error))
  }
}

function failed(error) {
  const missing = error.code === 'NOT_FOUND'
  return h('div', { class: 'card' },
    h('h1', { tabindex: '-1' }, missing ? 'Not here' : 'That did not work'),
    h('p', { class: 'error', role: 'alert' }, missing ? 'There is nothing of yours at this address.' : error.message),
    h('p', {}, h('button', { type: 'button', class: 'button small', onclick: () => draw() }, 'Try again'), ' ', h('a', { href: '#/projects' }, 'All projects')))
}

/** The frame around every view; kept when only the view changes. */
function shell(current) {
  let outlet = document.getElementById('view')
  if (!outlet) {
    const place = errorPlace()
    const leave = h('button', { type: 'button', class: 'button quiet small' }, 'Sign out')
    leave.addEventListener('click', () => run(leave, async () => {
      await signOut()
      announce('Signed out')
    }, place))
    outlet = h('div', { id: 'view' })
    root.replaceChildren(
      h('div', { class: 'platform' },
        h('nav', { 'aria-label': 'Console' }, h('ul', {}, PLACES.map((name) => h('li', {}, h('a', { href: `#/${name.toLowerCase()}` }, name))))),
        h('div', { class: 'who' }, h('span', { class: 'mono', title: user.walletAddress ?? '' }, user.displayName || shortened(user.walletAddress ?? 'Signed in')), leave)),
      place, outlet)
  }
  for (const link of root.querySelectorAll('.platform nav a')) {
    if (link.textContent === current) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  return outlet
}

try {
  user = await connect()
  onUser((now) => {
    const changed = Boolean(now) !== Boolean(user)
    user = now
    if (changed) {
      hideSecret()
      root.replaceChildren()
      draw()
    }
  })
  addEventListener('hashchange', () => draw())
  await draw(false)
} catch (error) {
  const place = errorPlace()
  root.replaceChildren(h('h1', {}, 'Console'), place)
  showError(place, error)
}
