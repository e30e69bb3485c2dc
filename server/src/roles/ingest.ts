import { runRole } from './role.ts'

export const runIngestRole = () => runRole('ingest', async () => ({ stop: async () => {} }))
