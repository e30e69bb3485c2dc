import { Type } from 'typebox'
import { emptyReply, route } from './route.ts'
import { id, instant, nullable } from './words.ts'

const people = ['plant.manager', 'plant.engineer'] as const

export const getProcess = route({
  id: 'registry.process.get',
  method: 'GET',
  path: '/registry/identifiers/:identifierId/process',
  summary: 'On which machine a thing was made, and when: the curve is read from `/points/range` with these.',
  who: people,
  params: Type.Object({ identifierId: id }),
  reply: Type.Object({
    /** The machine that the record names, or the thing itself where it is one. */
    machine: nullable(
      Type.Object({
        handle: Type.String(),
        /** The device whose points are the machine's; null: nobody said which. */
        device: nullable(Type.Object({ id, name: Type.String() })),
      }),
    ),
    /** When the record says that it was made; null: it does not. */
    producedAt: nullable(instant),
  }),
})

const deviceParams = Type.Object({ deviceId: id })
export const getMachineIdentifier = route({
  id: 'registry.machine.get',
  method: 'GET',
  path: '/registry/machines/:deviceId',
  summary: 'The identifier of a device, under which its points hang on the parts that it makes.',
  who: people,
  params: deviceParams,
  reply: Type.Object({ prefix: nullable(Type.String()), handle: nullable(Type.String()) }),
})
export const setMachineIdentifier = route({
  id: 'registry.machine.set',
  method: 'PUT',
  path: '/registry/machines/:deviceId',
  summary: 'Say which identifier under the own prefix a device has; null takes it away.',
  who: people,
  params: deviceParams,
  body: Type.Object({ handle: nullable(Type.String({ minLength: 3, maxLength: 300 })) }),
  reply: emptyReply,
})
