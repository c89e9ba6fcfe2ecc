import { graphql } from '../client.js'
import { actionButton, announce, confirm, errorPlace, field, form, h, when } from '../dom.js'
import { CREATE_SITE, DELETE_PROJECT, PROJECT, UPDATE_PROJECT } from '../operations.js'
import { more } from './projects.js'

/** One project with its sites. */
export async function projectView(id, redraw) {
  const { project, sites } = await graphql(PROJECT, { id })
  if (!project) throw Object.assign(new Error('not found'), { code: 'NOT_FOUND' })
  const list = h('ul', { class: 'rows' }, sites.data.map(row))
  return [
    h('nav', { 'aria-label': 'Breadcrumb', class: 'crumbs' }, h('a', { href: '#/projects' }, 'Projects')),
    h('h1', { tabindex: '-1' }, project.name),
    project.description && h('p', { class: 'lead' }, project.description),
    h('h2', {}, 'Sites'),
    sites.data.length ? list : h('div', { class: 'empty' }, h('h3', {}, 'No sites yet'), h('p', {}, 'A site is what your readers open. Create one, then register a deployment.')),
    more(sites, list, async (after) => (await graphql(PROJECT, { id, after })).sites, row),
    create(project, redraw),
    change(project, redraw),
  ]
}

const row = (site) => h('li', {},
  h('div', { class: 'grow' }, h('a', { class: 'title', href: `#/sites/${site.id}` }, site.name),
    h('p', { class: 'meta' }, site.primaryDomain ? site.primaryDomain.hostname : h('code', {}, site.slug))),
  h('p', { class: 'meta' }, site.latestDeployment ? ['Deployed ', when(site.latestDeployment.createdAt)] : 'Nothing deployed yet'))

function create(project, redraw) {
  const name = field('Name', { required: true, maxlength: 100 })
  return h('section', { class: 'panel', 'aria-labelledby': 'create-title' }, h('h2', { id: 'create-title' }, 'New site'),
    form('Create site', [name], async () => {
      const { createSite } = await graphql(CREATE_SITE, { name: name.input.value.trim(), projectId: project.id })
      announce('Site created')
      location.hash = `#/sites/${createSite.id}`
      await redraw()
    }, { reset: false }))
}

function change(project, redraw) {
  const name = field('Name', { required: true, maxlength: 100, value: project.name })
  const description = field('Description', { maxlength: 500, value: project.description })
  const place = errorPlace()
  return h('details', { class: 'panel' }, h('summary', {}, 'Rename or delete'),
    form('Save', [name, description], async () => {
      await graphql(UPDATE_PROJECT, { id: project.id, name: name.input.value.trim(), description: description.input.value.trim() })
      announce('Saved')
      await redraw()
    }, { reset: false }),
    h('p', { class: 'meta' }, actionButton('Delete project', async () => {
      const sure = await confirm(`Delete “${project.name}”?`, 'Its sites, deployments and domains are deleted with it. What is stored under their CIDs is not touched.', 'Delete project')
      if (!sure) return
      await graphql(DELETE_PROJECT, { id: project.id })
      announce('Project deleted')
      location.hash = '#/projects'
    }, { place })), place)
}
