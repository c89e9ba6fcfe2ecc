// Everything the console asks the GraphQL service.

const PAGE = 'pageInfo { endCursor hasNextPage } totalCount'
const SITE = 'id name slug createdAt primaryDomain { hostname } latestDeployment { cid status createdAt }'
const DEPLOYMENT = 'id cid status storageType createdAt updatedAt'
const DOMAIN = 'id hostname verified verificationStatus txtRecordName txtRecordValue lastCheckedAt'

export const PROJECTS = `query Projects($after: String) { projects(first: 50, after: $after) { data { id name slug description createdAt } ${PAGE} } }`
export const PROJECT = `query Project($id: ID!, $after: String) { project(id: $id) { id name slug description createdAt }
  sites(where: { projectId: $id }, first: 50, after: $after) { data { ${SITE} } ${PAGE} } }`
export const CREATE_PROJECT = 'mutation CreateProject($name: String!) { createProject(data: { name: $name }) { id } }'
export const UPDATE_PROJECT = 'mutation UpdateProject($id: ID!, $name: String!, $description: String) { updateProject(id: $id, data: { name: $name, description: $description }) { id } }'
export const DELETE_PROJECT = 'mutation DeleteProject($id: ID!) { deleteProject(id: $id) }'

export const SITE_PAGE = `query Site($id: ID!, $after: String) { site(where: { id: $id }) { id name slug createdAt project { id name } primaryDomain { id } latestDeployment { id } }
  deployments(siteId: $id, first: 20, after: $after) { data { ${DEPLOYMENT} } ${PAGE} }
  domains(siteId: $id, first: 100) { data { ${DOMAIN} } } }`
export const CREATE_SITE = 'mutation CreateSite($name: String!, $projectId: ID!) { createSite(data: { name: $name, projectId: $projectId }) { id } }'
export const DELETE_SITE = 'mutation DeleteSite($id: ID!) { deleteSite(where: { id: $id }) { id } }'
export const DEPLOY = 'mutation Deploy($siteId: ID!, $cid: String!) { createCustomIpfsDeployment(data: { siteId: $siteId, cid: $cid }) { id } }'
export const CREATE_DOMAIN = 'mutation CreateDomain($hostname: String!, $siteId: ID!) { createDomain(input: { hostname: $hostname, siteId: $siteId }) { id } }'
export const VERIFY_DOMAIN = 'mutation VerifyDomain($id: ID!) { verifyDomain(domainId: $id) }'
export const PRIMARY_DOMAIN = 'mutation PrimaryDomain($siteId: ID!, $id: ID!) { setPrimaryDomain(siteId: $siteId, domainId: $id) }'
export const DELETE_DOMAIN = 'mutation DeleteDomain($id: ID!) { deleteDomain(id: $id) }'
