import { join } from 'node:path'
import { runStore } from '@kapok/kit-store/engine/store'
import { need, roleClock, runRole } from './role.ts'

/** `kapok run store`: the embedded ClickHouse. By itself it takes KAPOK_STORE_PORT and KAPOK_STORE_SECRET. */
export const runStoreRole = () =>
  runRole('store', (log) => {
    // The engine asks for no time of ours, but a world's clock waits for every role's word.
    roleClock()
    return runStore({
      folder: join(need('KAPOK_INNER_FOLDER'), 'store'),
      port: Number(need('KAPOK_STORE_PORT')),
      user: 'kapok',
      password: need('KAPOK_STORE_SECRET'),
      log,
    })
  })
