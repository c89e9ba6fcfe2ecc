// The page for somebody who is not signed in.

import { signIn } from './client.js'
import { announce, errorPlace, h, showError } from './dom.js'
import { discover, list, prove } from './wallets.js'

let redraw = () => {}
let looking = null

/** Shows the wallets of this browser; signing in is heard of through `onUser`. */
export function signInView(title, introduction) {
  const place = errorPlace()
  const progress = h('p', { class: 'progress', role: 'status', hidden: true })
  const wallets = h('ul', { class: 'wallets' })
  const busy = (text) => {
    progress.textContent = text
    progress.hidden = !text
    for (const button of wallets.querySelectorAll('button')) button.disabled = Boolean(text)
  }
  redraw = () => wallets.replaceChildren(...list().map((wallet) => item(wallet, place, busy)), list().length ? '' : none())
  looking ??= discover(() => redraw())
  redraw()
  return h('section', { class: 'gateway', 'aria-labelledby': 'view-title' },
    h('h1', { id: 'view-title', tabindex: '-1' }, title),
    h('p', { class: 'lead' }, introduction),
    wallets, progress, place,
    h('p', { class: 'hint' }, 'You sign a sentence that names this site and a number used once. It costs nothing and moves nothing.'))
}

function item(wallet, place, busy) {
  const { name, icon } = wallet.info
  const safe = typeof icon === 'string' && icon.startsWith('data:image/')
  const picture = safe ? h('img', { src: icon, alt: '', width: 36, height: 36 }) : h('span', { class: 'plate', 'aria-hidden': 'true' }, name.slice(0, 1).toUpperCase())
  const button = h('button', { type: 'button', class: 'wallet' }, picture, h('span', {}, name), h('span', { class: 'arrow', 'aria-hidden': 'true' }, '→'))
  button.addEventListener('click', async () => {
    place.hidden = true
    try {
      const { message, signature } = await prove(wallet, busy)
      busy('Signing in…')
      await signIn(message, signature)
      announce('Signed in')
    } catch (error) {
      showError(place, error)
    } finally {
      busy('')
    }
  })
  return h('li', {}, button)
}

function none() {
  return h('li', { class: 'card' },
    h('h2', {}, 'No wallet in this browser'),
    h('p', {}, 'A wallet keeps your key and signs with it. Install one as an extension, or open this page in the browser inside your wallet’s app; then reload.'),
    h('p', {}, 'Any Ethereum wallet that announces itself to pages will be listed here.'))
}
