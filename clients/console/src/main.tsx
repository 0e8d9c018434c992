import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ProblemError } from './api/problem';
import { App } from './app';
import { InLanguage } from './texts/language';
import './style/index.css';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays one; a server that did not answer is asked again.
      retry: (count, error) => count < 2 && !(error instanceof ProblemError),
    },
  },
});

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queries}>
          <InLanguage>
            <App />
          </InLanguage>
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  );
