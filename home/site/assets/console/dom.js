// Builds elements. Text is always text: nothing here, or anywhere in the console, parses markup.

/** `h('a', { href, onclick }, 'text', child)`: an element with attributes, listeners and children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value != null) element.setAttribute(name, value)
  }
  element.append(...children.flat().filter((child) => child != null && child !== false))
  return element
}

/** Says something to people who do not see the page change. */
export function announce(text) {
  const live = document.getElementById('live')
  live.textContent = ''
  // An equal text set twice is not read twice; a change after a moment is.
  setTimeout(() => { live.textContent = text }, 60)
}

/** Where an error is shown: empty until it is needed. */
export const errorPlace = () => h('p', { class: 'error', role: 'alert', hidden: true })

export function showError(place, error) {
  place.textContent = error.message
  place.hidden = false
}

/** A button that runs `action`, is busy meanwhile, and shows what goes wrong in `place`. */
export function actionButton(label, action, { place, quiet = true, name, small = true } = {}) {
  const button = h('button', { type: 'button', class: `button${quiet ? ' quiet' : ''}${small ? ' small' : ''}`, 'aria-label': name }, label)
  button.addEventListener('click', () => run(button, action, place))
  return button
}

/** Runs an action behind a button: once at a time, its errors in their place. */
export async function run(button, action, place) {
  if (button.getAttribute('aria-disabled') === 'true') return
  button.setAttribute('aria-disabled', 'true')
  if (place) place.hidden = true
  try {
    await action()
  } catch (error) {
    if (!place) throw error
    showError(place, error)
  } finally {
    button.removeAttribute('aria-disabled')
  }
}

let fields = 0
/** A labelled input; `hint` is read with it, `field.input` is the input itself. */
export function field(label, { hint, ...attributes }) {
  const id = `field-${++fields}`
  const input = h('input', { id, autocomplete: 'off', 'aria-describedby': hint ? `${id}-hint` : null, ...attributes })
  const element = h('div', { class: 'field' }, h('label', { for: id }, label), input, hint && h('p', { id: `${id}-hint`, class: 'hint' }, hint))
  return Object.assign(element, { input })
}

/** A form that shows errors below its fields and is busy while `submit` works. */
export function form(label, controls, submit, { reset = true } = {}) {
  const place = errorPlace()
  const button = h('button', { class: 'button small' }, label)
  const element = h('form', { class: 'form', novalidate: true }, ...controls, button, place)
  element.addEventListener('submit', (event) => {
    event.preventDefault()
    const bad = [...element.querySelectorAll('input')].find((input) => !input.checkValidity())
    if (bad) {
      bad.setAttribute('aria-invalid', 'true')
      bad.focus()
      return showError(place, new Error(bad.validity.valueMissing ? `${bad.labels[0].textContent}: please fill this in.` : bad.validationMessage))
    }
    for (const input of element.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid')
    run(button, async () => {
      await submit()
      if (reset) element.reset()
    }, place)
  })
  return element
}

/** Copies a text and says so. */
export function copyButton(text, what) {
  const button = h('button', { type: 'button', class: 'button quiet small', 'aria-label': `Copy ${what}` }, 'Copy')
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = 'Copied'
      announce(`${what} copied`)
    } catch {
      button.textContent = 'Select and copy by hand'
    }
    setTimeout(() => { button.textContent = 'Copy' }, 2500)
  })
  return button
}

/** Asks before something cannot be undone; resolves with true or false. */
export function confirm(question, detail, label) {
  return new Promise((resolve) => {
    const dialog = h('dialog', { class: 'card dialog', 'aria-labelledby': 'dialog-title' },
      h('h2', { id: 'dialog-title' }, question), h('p', {}, detail),
      h('form', { method: 'dialog', class: 'buttons' },
        h('button', { class: 'button quiet small', value: 'no' }, 'Cancel'),
        h('button', { class: 'button danger small', value: 'yes' }, label)))
    dialog.addEventListener('close', () => { resolve(dialog.returnValue === 'yes'); dialog.remove() })
    document.body.append(dialog)
    dialog.showModal()
  })
}

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })
const UNITS = [['day', 86_400], ['hour', 3600], ['minute', 60]]

/** A time as people say it, with the exact one at hand. */
export function when(value) {
  if (!value) return 'never'
  const time = new Date(value)
  const seconds = (time - Date.now()) / 1000
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['minute', 60]
  const text = Math.abs(seconds) > 30 * 86_400 ? date.format(time) : Math.abs(seconds) < 60 ? 'just now' : relative.format(Math.round(seconds / size), unit)
  return h('time', { datetime: time.toISOString(), title: date.format(time) }, text)
}

/** `0x1234…cdef` */
export const shortened = (text, head = 6, tail = 4) => (text.length > head + tail + 2 ? `${text.slice(0, head)}…${text.slice(-tail)}` : text)
