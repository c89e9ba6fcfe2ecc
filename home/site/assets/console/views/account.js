import { forget, get, patch, remove } from '../client.js'
import { announce, confirm, field, form, h, when } from '../dom.js'
import { browser } from './sessions.js'

/** Profile, history, and the way out. */
export async function accountView(redraw) {
  const [{ user }, audit] = await Promise.all([get('/account/profile'), get('/account/audit')])
  return [h('h1', { tabindex: '-1' }, 'Account'), profile(user, redraw), history(audit.events ?? audit.data ?? []), leave()]
}

function profile(user, redraw) {
  const name = field('Display name', { maxlength: 100, required: true, value: user.displayName })
  return h('section', { class: 'panel', 'aria-labelledby': 'profile-title' }, h('h2', { id: 'profile-title' }, 'Profile'),
    form('Save', [name], async () => {
      await patch('/account/profile', { displayName: name.input.value.trim() })
      announce('Saved')
      await redraw()
    }, { reset: false }))
}

const words = (event) => {
  const text = String(event.action ?? event.event ?? event.type ?? 'event').replace(/[._]/g, ' ').toLowerCase()
  return text[0].toUpperCase() + text.slice(1)
}

const history = (events) => h('section', { 'aria-labelledby': 'history-title' }, h('h2', { id: 'history-title' }, 'History'),
  events.length
    ? h('ul', { class: 'rows' }, events.map((event) => h('li', {}, h('div', { class: 'grow' }, h('p', { class: 'title' }, words(event)), h('p', { class: 'meta' }, `${browser(event.userAgent)}, ${event.ipAddress ?? event.ip ?? 'unknown address'}`)), h('p', { class: 'meta' }, when(event.createdAt)))))
    : h('p', { class: 'soft' }, 'Nothing has happened yet.'))

function leave() {
  const word = field('Type “delete” to confirm', { required: true, pattern: 'delete', autocapitalize: 'off' })
  return h('details', { class: 'panel' }, h('summary', {}, 'Delete this account'),
    h('p', {}, 'Profile, wallets, sessions, tokens, projects, sites and domains are deleted at once and for good. What is stored under CIDs is public and not touched.'),
    form('Delete my account', [word], async () => {
      if (!await confirm('Delete your account?', 'There is no way back.', 'Delete everything')) return
      await remove('/account/profile')
      announce('Account deleted')
      await forget()
    }))
}
