import { startTestEngines } from '@kapok/kit-store/testing'

/** One PostgreSQL and one store for the whole run; every `testKit` makes its own database in each. */
export default async function setup() {
  const engines = await startTestEngines()
  process.env.KAPOK_TEST_ENGINES = JSON.stringify(engines)
  return () => engines.stop()
}
