import { join } from 'node:path'
import { makeBus } from '@kapok/kit/bus'
import { runWorld } from '@kapok/world'
import { repositoryRoot } from '../config.ts'
import { ipcPort, type RoleMessage } from '../life/role-protocol.ts'
import { need, roleClock, runRole } from './role.ts'

/** The sample province as a process of its own; it reaches the platform by its public doors and the bus's clock. */
export const runWorldRole = () =>
  runRole('world', async (log) => {
    const tell = (message: RoleMessage) => void process.send?.(message)
    return runWorld({
      bus: makeBus(ipcPort()),
      clock: roleClock(),
      log,
      dataFolder: need('KAPOK_INNER_FOLDER'),
      baseUrl: `http://127.0.0.1:${need('KAPOK_HTTP_PORT')}`,
      mqttUrl: `mqtt://127.0.0.1:${need('KAPOK_MQTT_PORT')}`,
      identifiers: {
        url: `http://127.0.0.1:${need('KAPOK_RESOLVER_HTTP_PORT')}`,
        secret: need('KAPOK_INNER_IDENTIFIER_SECRET'),
      },
      programmeFile: join(repositoryRoot, 'programmes/sample-2026.yaml'),
      firstLink: process.env.KAPOK_FIRST_LINK || undefined,
      today: process.env.KAPOK_WORLD_TODAY || undefined,
      say: (words) => tell({ life: 'progress', words }),
      startEdge: (name, table, home) => tell({ life: 'start', name, args: ['edge', table, '--home', home] }),
    })
  })
