import type { RestUsers } from '../face/handle-rest/who.ts'
import type { Face } from '../face/http.ts'
import { Followers } from '../mirror/followers.ts'
import type { Homes } from '../node/homes.ts'
import type { Resolver } from '../recursion/resolver.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import type { Registrar } from '../registration/registrar.ts'
import type { TakeoverDesk } from '../takeover/desk.ts'
import type { Standing } from '../takeover/standing.ts'
import { AnswerTally } from './answer-tally.ts'
import { healthFace, type InnerHealth, type PublicHealth } from './health-face.ts'

interface Watched {
  records: ChangingRecords
  standing: Standing
  takeover: TakeoverDesk
  homes: Homes
  resolver: Resolver
  recursive: boolean
  clock: { now(): number }
}

/** How one node stands, for its operators. */
export class NodeHealth {
  readonly tally = new AnswerTally()
  readonly followers = new Followers()
  readonly #watched: Watched
  readonly #startedAtMs: number

  constructor(watched: Watched) {
    this.#watched = watched
    this.#startedAtMs = watched.clock.now()
  }

  /** For everybody to know. */
  open(): PublicHealth {
    const { standing, takeover, homes, recursive } = this.#watched
    const { isMirror, isPrimary } = takeover
    const { taken, serial } = standing.state
    const prefixes = homes.list()
    const isTaker = taken !== undefined && isPrimary
    const role = isMirror ? 'mirror' : isTaker ? 'taker' : isPrimary ? 'primary' : 'replaced'
    return {
      role: prefixes.length === 0 && recursive ? 'recursive' : role,
      prefixes,
      serial,
      takesChanges: isPrimary && prefixes.length > 0 && standing.refusal() === undefined,
    }
  }

  inner(): InnerHealth {
    const { records, standing, resolver, clock } = this.#watched
    const { resting, answers } = resolver.stats()
    const now = clock.now()
    return {
      refuses: standing.refusal() ?? null,
      ...records.stats(),
      answersByCode: this.tally.byCode(),
      resolutionsByCode: this.tally.resolutionsByCode(),
      followers: this.followers.list(records.log.size, now),
      resting,
      cachedAnswers: answers,
      uptimeMs: now - this.#startedAtMs,
    }
  }

  face(users: RestUsers, registrar: Registrar): Face {
    return healthFace({
      open: () => this.open(),
      inner: () => this.inner(),
      users,
      mayLook: async (user) => (await registrar.mayFollow(user)) || registrar.mayCommand(user),
    })
  }
}
