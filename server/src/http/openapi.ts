import type { RouteContract } from '@kapok/contracts/route'

type Schema = Record<string, unknown>

/** The OpenAPI 3.1 document of the contracts: what is served at /api/openapi.json and kept in docs/generated. */
export function openApiOf(contracts: readonly RouteContract[]): Schema {
  const paths: Record<string, Record<string, Schema>> = {}
  for (const contract of [...contracts].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
    const path = `/api${contract.path.replace(/:(\w+)/g, '{$1}')}`
    paths[path] = { ...paths[path], [contract.method.toLowerCase()]: operationOf(contract) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Kapok 木棉', version: '0.1.0', license: { name: 'Apache-2.0' } },
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'kapok_session' },
        token: { type: 'http', scheme: 'bearer' },
      },
      schemas: {
        Refusal: {
          type: 'object',
          required: ['code', 'message', 'details', 'requestId'],
          properties: {
            code: { type: 'string' },
            message: { type: 'string' },
            details: { type: 'object' },
            requestId: { type: 'string' },
          },
        },
      },
    },
    paths,
  }
}

function operationOf(contract: RouteContract): Schema {
  const security = contract.who.includes('public')
    ? []
    : [{ session: [] }, ...(contract.token === undefined ? [] : [{ token: [contract.token] }])]
  const media = contract.replyKind === 'file' ? 'application/octet-stream' : 'application/json'
  return {
    operationId: contract.id,
    summary: contract.summary,
    tags: [contract.id.split('.')[0]],
    security,
    'x-kapok-who': contract.who,
    parameters: [...parametersOf(contract.params, 'path'), ...parametersOf(contract.query, 'query')],
    ...(contract.body && {
      requestBody: {
        required: true,
        content: {
          [contract.bodyKind === 'raw' ? 'application/octet-stream' : 'application/json']: {
            schema: plain(contract.body),
          },
        },
      },
    }),
    responses: {
      200: { description: 'done', content: { [media]: { schema: plain(contract.reply) } } },
      default: {
        description: 'refused',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } },
      },
    },
  }
}

function parametersOf(schema: RouteContract['params'], where: 'path' | 'query'): Schema[] {
  if (schema === undefined) return []
  const { properties, required = [] } = plain(schema) as { properties: Record<string, Schema>; required?: string[] }
  return Object.entries(properties).map(([name, each]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: each,
  }))
}

/** JSON Schema without the library's own symbols. */
function plain(schema: unknown): Schema {
  return JSON.parse(JSON.stringify(schema)) as Schema
}
