import { get, post, remove } from '../client.js'
import { actionButton, announce, confirm, errorPlace, h, run, when } from '../dom.js'
import { discover, list, prove } from '../wallets.js'

let looking = null

/** The wallets that open this account. */
export async function walletsView(redraw) {
  const { methods } = await get('/account/methods')
  return [
    h('h1', { tabindex: '-1' }, 'Wallets'),
    h('p', { class: 'lead' }, 'Any of these signs you in. With a second one, losing the first is no disaster.'),
    h('ul', { class: 'rows' }, methods.map((method) => row(method, methods.length, redraw))),
    add(redraw),
  ]
}

function row(method, count, redraw) {
  const place = errorPlace()
  const path = `/account/methods/${encodeURIComponent(method.id)}`
  return h('li', {},
    h('div', { class: 'grow' }, h('p', { class: 'title' }, h('code', {}, method.identifier), method.isPrimary && h('span', { class: 'tag' }, 'Primary')),
      h('p', { class: 'meta' }, 'Linked ', when(method.createdAt), ', last used ', when(method.lastUsedAt)), place),
    h('p', { class: 'buttons' },
      !method.isPrimary && actionButton('Make primary', async () => {
        await post(`${path}/set-primary`)
        announce('Primary wallet changed')
        await redraw()
      }, { place, name: `Make primary: ${method.identifier}` }),
      count > 1 && actionButton('Unlink', async () => {
        if (!await confirm('Unlink this wallet?', `${method.identifier} will no longer sign you in.`, 'Unlink wallet')) return
        await remove(path)
        announce('Wallet unlinked')
        await redraw()
      }, { place, name: `Unlink ${method.identifier}` })))
}

function add(redraw) {
  const place = errorPlace()
  const progress = h('p', { class: 'progress', role: 'status', hidden: true })
  const buttons = h('p', { class: 'buttons' })
  const say = (text) => { progress.textContent = text; progress.hidden = !text }
  const show = () => buttons.replaceChildren(...list().map((wallet) => {
    const button = h('button', { type: 'button', class: 'button quiet small' }, `Link ${wallet.info.name}`)
    button.addEventListener('click', () => run(button, async () => {
      try {
        const { message, signature } = await prove(wallet, say)
        await post('/account/methods/wallet', { message, signature })
        announce('Wallet linked')
        await redraw()
      } finally {
        say('')
      }
    }, place))
    return button
  }))
  looking ??= discover(() => {})
  looking.then(show)
  show()
  return h('section', { class: 'panel', 'aria-labelledby': 'link-title' }, h('h2', { id: 'link-title' }, 'Link another wallet'),
    h('p', {}, 'Choose the other address in your wallet first, then link it here by signing.'), buttons, progress, place)
}
