import { type KeyObject, randomInt } from 'node:crypto'
import {
  canonicalHandle,
  decodeData,
  type HandleMessage,
  readOrUndefined,
  responses,
  rsaPublicKey,
} from '../handle/handle.ts'
import { type Question, ResolutionError, resolveByTcp, resolveByUdp } from '../resolution/client.ts'
import type { Health } from './health.ts'
import { recursionLimits } from './limits.ts'
import type { Server } from './sites.ts'

/** One question to one server: a step of the way to an answer, as people and operators see it. */
export interface Step {
  /** The prefix whose service it is; `0.NA` is the root. */
  of: string
  server: string
  asked: string
  /** Response code; undefined when nothing came. */
  response: number | undefined
  tookMs: number
}

/** Answers that say that this server cannot help, while another may. */
const passedOver = new Set<number>([
  responses.error,
  responses.serverBusy,
  responses.protocolError,
  // Another site stands in for it.
  responses.staleSiteInfo,
])

/**
 * Asks the servers one after another, the healthiest first, until one answers the question. Rejects with ResolutionError when
 * none does.
 */
export async function askServers(
  of: string,
  servers: readonly Server[],
  question: Question,
  { health, clock, steps, certified }: { health: Health; clock: { now(): number }; steps: Step[]; certified?: boolean },
): Promise<HandleMessage> {
  let last = 'no server is described'
  const candidates = health.ordered(servers, clock.now())
  if (servers.length > 0 && candidates.length === 0) last = `${servers[0]?.name} did not answer lately`
  for (const server of candidates.slice(0, recursionLimits.serversTried)) {
    const beganMs = performance.now()
    const step: Step = { of, server: server.name, asked: question.handle, response: undefined, tookMs: 0 }
    steps.push(step)
    try {
      const answer = await (certified ? askCertified : askServer)(server, question, clock.now())
      step.tookMs = performance.now() - beganMs
      step.response = answer.response
      health.answered(server.name, step.tookMs)
      const lies = answersOther(answer, question)
      if (!passedOver.has(answer.response) && !lies) return answer
      last = lies ? `${server.name} answered for another handle` : `${server.name} could not answer`
    } catch (error) {
      if (!(error instanceof ResolutionError)) throw error
      step.tookMs = performance.now() - beganMs
      health.failed(server.name, clock.now())
      last = error.message
    }
  }
  throw new ResolutionError(last)
}

/** By UDP, and by TCP where that is not offered, was lost, or is too narrow for the answer. */
async function askServer(
  { host, udpPort, tcpPort }: Server,
  question: Question,
  nowMs: number,
): Promise<HandleMessage> {
  const id = () => randomInt(0, 2 ** 32)
  if (udpPort === undefined)
    return resolveByTcp({ host, port: tcpPort ?? 0 }, question, id(), nowMs, recursionLimits.tcpMs)
  try {
    const answer = await resolveByUdp({ host, port: udpPort }, question, id(), nowMs, recursionLimits.udpRetriesMs)
    if (answer.response !== responses.error || tcpPort === undefined) return answer
  } catch (error) {
    if (!(error instanceof ResolutionError) || tcpPort === undefined) throw error
  }
  return resolveByTcp({ host, port: tcpPort }, question, id(), nowMs, recursionLimits.tcpMs)
}

/** The key by which a site was named, with which it signs what it says; undefined when it has none. */
export function keyOfSite({ publicKey }: Server): KeyObject | undefined {
  const data = publicKey.length === 0 ? undefined : readOrUndefined(() => decodeData('HS_PUBKEY', publicKey))
  return data?.format === 'key' ? rsaPublicKey(data.key) : undefined
}

/** By TCP, since a signed answer rarely fits a packet. */
async function askCertified(server: Server, question: Question, nowMs: number) {
  const { name, host, tcpPort } = server
  const certifiedBy = keyOfSite(server)
  if (certifiedBy === undefined)
    throw new ResolutionError(`the site of ${name} has no key that could certify an answer`)
  if (tcpPort === undefined) throw new ResolutionError(`${name} has no TCP, by which certified answers are asked for`)
  const id = randomInt(0, 2 ** 32)
  return resolveByTcp({ host, port: tcpPort }, { ...question, certifiedBy }, id, nowMs, recursionLimits.tcpMs)
}

function answersOther({ body }: HandleMessage, { handle }: Question): boolean {
  return body.kind === 'values' && canonicalHandle(body.handle) !== canonicalHandle(handle)
}
