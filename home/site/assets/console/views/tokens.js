import { get, post, remove } from '../client.js'
import { actionButton, announce, confirm, copyButton, errorPlace, field, form, h, when } from '../dom.js'

const DAY = 86_400_000

/** Tokens for scripts: make, copy once, revoke. */
export async function tokensView(redraw) {
  const [{ tokens }, limits] = await Promise.all([get('/tokens'), get('/tokens/limits')])
  const fresh = h('div', { id: 'fresh' })
  return [
    h('h1', { tabindex: '-1' }, 'Tokens'),
    h('p', { class: 'lead' }, 'For scripts and build servers. Each can be revoked by itself and stops working within seconds.'),
    fresh,
    create(fresh, redraw),
    tokens.length
      ? h('ul', { class: 'rows' }, tokens.map((token) => row(token, redraw)))
      : h('div', { class: 'empty' }, h('h2', {}, 'No tokens yet'), h('p', {}, 'Create one above. You will see it once, so have a safe place for it ready.')),
    h('p', { class: 'meta' }, `${limits.tokenLimit.active} of ${limits.tokenLimit.max} active; ${limits.rateLimit.remaining} more can be created today.`),
  ]
}

// Survives the drawing of the list that has the new token in it.
let shown = null

function create(fresh, redraw) {
  if (shown) fresh.append(shown)
  const name = field('Name', { required: true, maxlength: 100, pattern: '[A-Za-z0-9 _.\\-]+', hint: 'Letters, digits, spaces, - _ and .' })
  const expiry = choice('Expires', [['30', 'in 30 days'], ['90', 'in 90 days'], ['365', 'in a year'], ['', 'never']])
  const scopes = choice('May', [['read,write', 'read and change'], ['read', 'only read']])
  return h('section', { class: 'panel', 'aria-labelledby': 'create-title' }, h('h2', { id: 'create-title' }, 'New token'),
    form('Create token', [name, expiry, scopes], async () => {
      const days = Number(expiry.select.value)
      const { token } = await post('/tokens', {
        name: name.input.value.trim(),
        scopes: scopes.select.value.split(','),
        ...(days ? { expiresAt: new Date(Date.now() + days * DAY).toISOString() } : {}),
      })
      shown = secret(token)
      await redraw()
      document.getElementById('fresh-title')?.focus()
    }))
}

function secret(token) {
  const box = h('section', { class: 'card once', 'aria-labelledby': 'fresh-title' },
    h('h2', { id: 'fresh-title', tabindex: '-1' }, `“${token.name}” is ready`),
    h('p', {}, 'Copy it now. It is not kept anywhere and cannot be shown again.'),
    h('p', { class: 'cid' }, h('code', { id: 'token' }, token.token), copyButton(token.token, 'token')))
  box.append(h('p', {}, h('button', { type: 'button', class: 'button quiet small', onclick: () => { shown = null; box.remove() } }, 'Done')))
  return box
}

/** Forgets a token on display, so that it is not there when somebody else signs in. */
export function hideSecret() {
  shown = null
}

function choice(label, options) {
  const id = `choice-${label.toLowerCase()}`
  const select = h('select', { id }, options.map(([value, text]) => h('option', { value }, text)))
  return Object.assign(h('div', { class: 'field narrow' }, h('label', { for: id }, label), select), { select })
}

function row(token, redraw) {
  const place = errorPlace()
  return h('li', {},
    h('div', { class: 'grow' }, h('p', { class: 'title' }, token.name, token.scopes && !token.scopes.includes('write') && h('span', { class: 'tag' }, 'Read-only')),
      h('p', { class: 'meta' }, token.maskedToken && h('code', {}, token.maskedToken), ' created ', when(token.createdAt), ', last used ', when(token.lastUsedAt), ', ', token.expiresAt ? ['expires ', when(token.expiresAt)] : 'never expires'),
      place),
    actionButton('Revoke', async () => {
      if (!await confirm(`Revoke “${token.name}”?`, 'Whatever uses it will be refused from now on.', 'Revoke token')) return
      await remove(`/tokens/${encodeURIComponent(token.id)}`)
      announce('Token revoked')
      await redraw()
    }, { place, name: `Revoke ${token.name}` }))
}
