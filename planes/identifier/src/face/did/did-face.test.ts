import { generateKeyPairSync } from 'node:crypto'
import { Resolver } from 'did-resolver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Simulation, startSimulation } from '../../node/simulation.ts'
import { TestStores } from '../../store/testing.ts'

const secret = 's3cret-of-the-test'
const clock = { now: () => 1_735_646_400_000 }
const stores = new TestStores()
let tree: Simulation
let door = ''
const faults: unknown[] = []
const key = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ format: 'jwk' })
const bid = 'did:bid:ef7SAwaz4FxuxmPw3GkhTbEzCsxqCyCnj'
const handle = '88.901.1001/P/1'
const values = [
  { index: 1, type: 'URL', data: 'https://example.com/shaft' },
  { index: 2, type: 'GS1_DL', data: 'https://id.gs1.org/01/09521234543213/21/P1' },
  { index: 3, type: 'OID', data: '1.2.156.3088.1' },
  { index: 4, type: 'DID', data: bid },
  {
    index: 5,
    type: 'GS1_LINK',
    data: JSON.stringify({ linkType: 'gs1:dpp', href: 'https://example.com/dpp', title: 'DPP', default: true }),
  },
  { index: 300, type: 'HS_PUBKEY', data: { format: 'key', value: key } },
  { index: 2_000, type: 'NAME', data: '泵轴' },
  { index: 2_001, type: 'COST', data: '12.50', permissions: '1100' },
]

beforeAll(async () => {
  tree = await startSimulation({
    open: () => stores.open(),
    clock,
    httpPort: 0,
    secret,
    onFault: (fault) => faults.push(fault),
  })
  door = `http://localhost:${tree.httpPort}`
  const authorization = `Basic ${Buffer.from(`301%3A0.NA/88.901.1001:${secret}`).toString('base64')}`
  const made = await fetch(`${door}/api/handles/${handle}`, {
    method: 'PUT',
    headers: { authorization },
    body: JSON.stringify(values),
  })
  expect(made.status).toBe(201)
})
afterAll(async () => {
  await tree.stop()
  await stores.close()
  expect(faults).toEqual([])
})

/** Another’s library, whose methods ask our node. */
function resolverByOthers() {
  const byNode = async (did: string) => {
    const reply = await fetch(`${door}/1.0/identifiers/${did}`, {
      headers: { accept: 'application/ld+json;profile="https://w3id.org/did-resolution"' },
    })
    return (await reply.json()) as Awaited<ReturnType<Resolver['resolve']>>
  }
  return new Resolver({ bid: byNode, web: byNode })
}

test('did-resolver resolves a record by its DID: other names, keys and links, nothing that is private', async () => {
  const { didDocument, didDocumentMetadata } = await resolverByOthers().resolve(bid)
  expect(didDocument).toMatchObject({
    id: bid,
    alsoKnownAs: [`hdl:${handle}`, 'https://id.gs1.org/01/09521234543213/21/P1', 'urn:oid:1.2.156.3088.1'],
    verificationMethod: [{ id: `${bid}#300`, type: 'JsonWebKey2020', controller: bid, publicKeyJwk: key }],
    authentication: [`${bid}#300`],
    service: [
      { id: `${bid}#1`, type: 'URL', serviceEndpoint: 'https://example.com/shaft' },
      { id: `${bid}#5`, type: 'gs1:dpp', serviceEndpoint: 'https://example.com/dpp' },
      { id: `${bid}#handle`, serviceEndpoint: `${door}/api/handles/88.901.1001/P/1` },
    ],
  })
  expect(didDocumentMetadata).toEqual({ updated: '2024-12-31T12:00:00Z' })
  expect(JSON.stringify(didDocument)).not.toContain('12.50')
  expect(didDocument).toHaveProperty('extension.attributes')
})

test('the record in a document is the one that Handle REST tells', async () => {
  const { values: facts } = (await (await fetch(`${door}/api/handles/${handle}`)).json()) as { values: unknown[] }
  const { didDocument } = await resolverByOthers().resolve(bid)
  expect(didDocument).toHaveProperty('record', facts)
})

test('every record has a did:web of its own, found by resolvers and where the method looks for it', async () => {
  const did = `did:web:localhost%3A${tree.httpPort}:handles:88.901.1001:P%2F1`
  const { didDocument } = await resolverByOthers().resolve(did)
  expect(didDocument).toMatchObject({
    id: did,
    alsoKnownAs: [`hdl:${handle}`, expect.anything(), expect.anything(), bid],
  })
  const reply = await fetch(`${door}/handles/88.901.1001/P%2F1/did.json`)
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/did+ld+json'])
  expect(await reply.json()).toEqual(didDocument)
})

test.each([
  ['did:bid:ef7SAwaz4FxuxmPw3GkhTbEzCsxqCyCnx', 404, 'notFound'],
  ['did:web:elsewhere.example:handles:88.901.1001:P1', 404, 'notFound'],
  ['did:bid:short', 400, 'invalidDid'],
  ['urn:uuid:1', 400, 'invalidDid'],
])('%s is answered %d %s', async (did, status, error) => {
  const reply = await fetch(`${door}/1.0/identifiers/${did}`)
  expect(reply.status).toBe(status)
  expect(await reply.json()).toMatchObject({ didDocument: null, didResolutionMetadata: { error } })
})

test('the document alone is given to whoever asks for it, by weight; what is not there is told', async () => {
  const asking = (accept: string) => fetch(`${door}/1.0/identifiers/${bid}`, { headers: { accept } })
  const alone = await asking('text/html;q=0.9, application/did+json;q=0.8')
  expect([alone.status, alone.headers.get('content-type')]).toEqual([200, 'application/did+json'])
  expect(await alone.json()).toMatchObject({ id: bid })
  expect((await asking('text/html')).status).toBe(406)
  expect((await asking('application/did+json;q=0')).status).toBe(406)
  expect((await fetch(`${door}/nowhere/did.json`)).status).toBe(404)
  expect((await fetch(`${door}/.well-known/did.json`)).status).toBe(404)
})
