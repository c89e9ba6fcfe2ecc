import { graphql } from '../client.js'
import { announce, errorPlace, field, form, h, run, when } from '../dom.js'
import { CREATE_PROJECT, PROJECTS } from '../operations.js'

/** All projects, and a form for another. */
export async function projectsView(redraw) {
  const { projects } = await graphql(PROJECTS, {})
  const list = h('ul', { class: 'rows' }, projects.data.map(row))
  return [
    h('h1', { tabindex: '-1' }, 'Projects'),
    projects.data.length ? list : empty(),
    more(projects, list, async (after) => (await graphql(PROJECTS, { after })).projects, row),
    create(redraw),
  ]
}

const row = (project) => h('li', {},
  h('div', { class: 'grow' }, h('a', { class: 'title', href: `#/projects/${project.id}` }, project.name), h('p', { class: 'meta' }, h('code', {}, project.slug), project.description ? ` ${project.description}` : '')),
  h('p', { class: 'meta' }, 'Created ', when(project.createdAt)))

const empty = () => h('div', { class: 'empty' },
  h('h2', {}, 'No projects yet'),
  h('p', {}, 'A project holds sites that belong together. Give the first one a name; you can change it later.'))

function create(redraw) {
  const name = field('Name', { required: true, maxlength: 100, hint: 'Such as “Field notes”.' })
  return h('section', { class: 'panel', 'aria-labelledby': 'create-title' }, h('h2', { id: 'create-title' }, 'New project'),
    form('Create project', [name], async () => {
      const { createProject } = await graphql(CREATE_PROJECT, { name: name.input.value.trim() })
      announce('Project created')
      location.hash = `#/projects/${createProject.id}`
      await redraw()
    }, { reset: false }))
}

/** A button that adds the next page of a list to its end. */
export function more(page, list, next, row) {
  let { endCursor, hasNextPage } = page.pageInfo
  if (!hasNextPage) return null
  const place = errorPlace()
  const button = h('button', { type: 'button', class: 'button quiet small' }, 'Show more')
  button.addEventListener('click', () => run(button, async () => {
    const page = await next(endCursor);
    ({ endCursor, hasNextPage } = page.pageInfo)
    list.append(...page.data.map(row))
    button.hidden = !hasNextPage
  }, place))
  return h('p', { class: 'more' }, button, place)
}
