import { Type } from 'typebox'
import { session } from './access.ts'
import { emptyReply, route } from './route.ts'
import { civilDay, id, instant } from './words.ts'

/** Routes that exist only in a world's folder and only on loopback. */
export const getWorld = route({
  id: 'world.state.get',
  method: 'GET',
  path: '/world',
  summary: 'State of the sample province: its date and how far the replay of its past has come.',
  who: ['public'],
  reply: Type.Object({
    now: instant,
    today: civilDay,
    replaying: Type.Boolean(),
    /** Days of the past already played, of how many. */
    daysPlayed: Type.Integer(),
    daysTotal: Type.Integer(),
    /** What is being played, in both languages, for a terminal. */
    message: Type.String(),
    /** The playing broke off; `message` says why. */
    stumbled: Type.Boolean(),
  }),
})
export const listPeople = route({
  id: 'world.people.list',
  method: 'GET',
  path: '/world/people',
  summary: 'Everybody in the province, with what there is to do on each desk.',
  who: ['public'],
  reply: Type.Object({
    people: Type.Array(
      Type.Object({
        userId: id,
        name: Type.String(),
        organisationName: Type.String(),
        kind: Type.String(),
        role: Type.String(),
        /** Cases that wait for this person's organisation. */
        waiting: Type.Integer(),
      }),
    ),
  }),
})
export const enterAs = route({
  id: 'world.people.enter',
  method: 'POST',
  path: '/world/enter',
  summary: 'Enter as one of the people of the province, without a password.',
  who: ['public'],
  body: Type.Object({ userId: id }),
  reply: session,
})
export const advanceWorld = route({
  id: 'world.clock.advance',
  method: 'POST',
  path: '/world/advance',
  summary: 'Play the province forward: to the next working day, or by a number of days.',
  who: ['public'],
  body: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 60 })) }),
  reply: emptyReply,
})
