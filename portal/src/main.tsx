import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { isFinal } from './api/refusal.ts'
import { LookProvider } from './app/look.tsx'
import { portalRouter } from './app/router.tsx'
import './app/app.css'
import { startLanguage } from './i18n/language.ts'

const client = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (count, error) => count < 2 && !isFinal(error) },
    mutations: { retry: false },
  },
})

// After an upgrade the chunks of the page that is still open are gone: the new page is fetched.
window.addEventListener('vite:preloadError', () => location.reload())

await startLanguage()
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <LookProvider>
        <RouterProvider router={portalRouter} />
      </LookProvider>
    </QueryClientProvider>
  </StrictMode>,
)
