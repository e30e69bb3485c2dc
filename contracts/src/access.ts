import { Type } from 'typebox'
import { type OrgKind, orgKinds, type Role, roles } from './roles.ts'
import { emptyReply, pageOf, pageQuery, route, type TokenScope, tokenScopes } from './route.ts'
import { id, instant, name, nullable, regionCode, sha256, uscc } from './words.ts'

const orgKind = Type.Unsafe<OrgKind>(Type.Union(orgKinds.map((kind) => Type.Literal(kind))))
const role = Type.Unsafe<Role>(Type.Union(roles.map((each) => Type.Literal(each))))
const login = Type.String({ minLength: 3, maxLength: 60, pattern: '^[a-z0-9][a-z0-9._@-]+$' })
/** ASVS 5.0 §6.2: length decides, no composition rules. */
const password = Type.String({ minLength: 10, maxLength: 200 })

export const signedOut = ['public'] as const
/** Everybody who is signed in. */
export const everyMember = roles.filter((each) => each !== 'public')

export const session = Type.Object({
  user: nullable(Type.Object({ id, login: Type.String(), name: Type.String() })),
  organisation: nullable(
    Type.Object({ id, name: Type.String(), kind: orgKind, uscc: nullable(Type.String()), region: Type.String() }),
  ),
  roles: Type.Array(role),
  expiresAt: nullable(instant),
})

/** Who am I; a visitor who is not signed in gets nulls and the role `public`. */
export const getSession = route({
  id: 'access.session.get',
  method: 'GET',
  path: '/session',
  summary: 'Who is signed in, with organisation and roles.',
  who: ['public'],
  reply: session,
})
export const signIn = route({
  id: 'access.session.sign-in',
  method: 'POST',
  path: '/session',
  summary: 'Sign in with login and password; sets the session cookie.',
  who: ['public'],
  body: Type.Object({ login: Type.String({ maxLength: 60 }), password: Type.String({ maxLength: 200 }) }),
  reply: session,
})
export const signOut = route({
  id: 'access.session.sign-out',
  method: 'DELETE',
  path: '/session',
  summary: 'Sign out; with everywhere=true every session of this user ends.',
  who: ['public'],
  query: Type.Object({ everywhere: Type.Optional(Type.Boolean()) }),
  reply: emptyReply,
})
export const changePassword = route({
  id: 'access.session.change-password',
  method: 'POST',
  path: '/session/password',
  summary: 'Change the own password; every other session of this user ends.',
  who: everyMember,
  body: Type.Object({ current: Type.String({ maxLength: 200 }), next: password }),
  reply: emptyReply,
})
export const getJoin = route({
  id: 'access.join.get',
  method: 'GET',
  path: '/join/:token',
  summary: 'What a one-time link is for: joining an organisation, or a new password.',
  who: ['public'],
  params: Type.Object({ token: Type.String({ maxLength: 100 }) }),
  reply: Type.Object({
    purpose: Type.Union([Type.Literal('join'), Type.Literal('reset')]),
    organisationName: Type.String(),
    login: nullable(Type.String()),
    expiresAt: instant,
  }),
})
export const join = route({
  id: 'access.join.use',
  method: 'POST',
  path: '/join',
  summary: 'Use a one-time link: choose login, name and password. The link works once.',
  who: ['public'],
  body: Type.Object({
    token: Type.String({ maxLength: 100 }),
    login: Type.Optional(login),
    name: Type.Optional(name),
    password,
  }),
  reply: session,
})

export const organisation = Type.Object({
  id,
  name: Type.String(),
  kind: orgKind,
  uscc: nullable(Type.String()),
  region: Type.String(),
  members: Type.Integer(),
  createdAt: instant,
})
const administrator = ['platform.administrator'] as const
export const listOrganisations = route({
  id: 'access.organisation.list',
  method: 'GET',
  path: '/organisations',
  summary: 'Organisations of the platform.',
  who: administrator,
  query: Type.Object({ ...pageQuery, kind: Type.Optional(orgKind) }),
  reply: pageOf(organisation),
})
export const createOrganisation = route({
  id: 'access.organisation.create',
  replyOnce: true,
  method: 'POST',
  path: '/organisations',
  summary: 'Create an organisation and a one-time link for its first member.',
  who: administrator,
  body: Type.Object({ name, kind: orgKind, uscc: Type.Optional(uscc), region: regionCode }),
  reply: Type.Object({ organisation, link: Type.String() }),
})
export const member = Type.Object({
  userId: id,
  login: Type.String(),
  name: Type.String(),
  roles: Type.Array(role),
  disabled: Type.Boolean(),
  createdAt: instant,
  lastSignIn: nullable(instant),
})
export const listMembers = route({
  id: 'access.member.list',
  method: 'GET',
  path: '/organisations/:orgId/members',
  summary: 'Members of an organisation.',
  who: administrator,
  params: Type.Object({ orgId: id }),
  query: Type.Object(pageQuery),
  reply: pageOf(member),
})
export const inviteMember = route({
  id: 'access.member.invite',
  replyOnce: true,
  method: 'POST',
  path: '/organisations/:orgId/members',
  summary: 'Make a one-time link by which a new member joins with these roles.',
  who: administrator,
  params: Type.Object({ orgId: id }),
  body: Type.Object({ roles: Type.Array(role, { minItems: 1, maxItems: 5, uniqueItems: true }) }),
  reply: Type.Object({ link: Type.String(), expiresAt: instant }),
})
export const resetMember = route({
  id: 'access.member.reset',
  replyOnce: true,
  method: 'POST',
  path: '/members/:userId/reset',
  summary: 'Make a one-time link for a new password; every session of the member ends.',
  who: administrator,
  params: Type.Object({ userId: id }),
  reply: Type.Object({ link: Type.String(), expiresAt: instant }),
})
export const setMemberDisabled = route({
  id: 'access.member.disable',
  method: 'POST',
  path: '/members/:userId/disabled',
  summary: 'Bar a member from signing in, or allow it again; barring ends every session.',
  who: administrator,
  params: Type.Object({ userId: id }),
  body: Type.Object({ disabled: Type.Boolean() }),
  reply: emptyReply,
})

/** What an API token may do; an application token of an organisation carries a subset. */
const tokenScope = Type.Unsafe<TokenScope>(Type.Union(tokenScopes.map((each) => Type.Literal(each))))
export const apiToken = Type.Object({
  id,
  name: Type.String(),
  scopes: Type.Array(tokenScope),
  createdAt: instant,
  expiresAt: instant,
  lastUsed: nullable(instant),
})
const tokenHolders = ['plant.manager', 'operator.officer', 'platform.administrator'] as const
export const listTokens = route({
  id: 'access.token.list',
  method: 'GET',
  path: '/tokens',
  summary: 'API tokens of the own organisation; their secrets are not stored.',
  who: tokenHolders,
  query: Type.Object(pageQuery),
  reply: pageOf(apiToken),
})
export const createToken = route({
  id: 'access.token.create',
  replyOnce: true,
  method: 'POST',
  path: '/tokens',
  summary: 'Create an API token; the secret is shown once.',
  who: tokenHolders,
  body: Type.Object({
    name,
    scopes: Type.Array(tokenScope, { minItems: 1, uniqueItems: true }),
    days: Type.Integer({ minimum: 1, maximum: 730 }),
  }),
  reply: Type.Object({ token: apiToken, secret: Type.String() }),
})
export const revokeToken = route({
  id: 'access.token.revoke',
  method: 'DELETE',
  path: '/tokens/:tokenId',
  summary: 'Revoke an API token at once.',
  who: tokenHolders,
  params: Type.Object({ tokenId: id }),
  reply: emptyReply,
})

export const auditEvent = Type.Object({
  index: Type.Integer(),
  at: instant,
  actorName: Type.String(),
  organisationName: Type.String(),
  route: Type.String(),
  subject: Type.String(),
  outcome: Type.Union([Type.Literal('done'), Type.Literal('refused')]),
  hash: sha256,
})
export const listAudit = route({
  id: 'access.audit.list',
  method: 'GET',
  path: '/audit',
  summary: 'The hash-chained record of every command.',
  who: administrator,
  query: Type.Object(pageQuery),
  reply: pageOf(auditEvent),
})
export const verifyAudit = route({
  id: 'access.audit.verify',
  method: 'GET',
  path: '/audit/verify',
  summary: 'Recompute the audit chain and name the first event that does not fit.',
  who: administrator,
  reply: Type.Object({ events: Type.Integer(), brokenAt: nullable(Type.Integer()), head: Type.String() }),
})

export const getPlatform = route({
  id: 'access.platform.get',
  method: 'GET',
  path: '/platform',
  summary: 'What this platform is: mode, its clock, whether traffic is encrypted.',
  who: ['public'],
  reply: Type.Object({
    mode: Type.Union([Type.Literal('platform'), Type.Literal('world')]),
    version: Type.String(),
    now: instant,
    tls: Type.Boolean(),
    /** Where devices connect by MQTT; with `tls` by MQTT over TLS. */
    mqttPort: Type.Integer(),
    /** Whether identifiers are resolved here. */
    resolves: Type.Boolean(),
  }),
})
export const getHealth = route({
  id: 'access.health.get',
  method: 'GET',
  path: '/health',
  summary: 'State of the roles and engines for the administrator.',
  who: administrator,
  reply: Type.Object({
    checks: Type.Array(
      Type.Object({
        name: Type.String(),
        ok: Type.Boolean(),
        detail: Type.String(),
      }),
    ),
  }),
})
