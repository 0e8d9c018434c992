import { createContext, type ReactNode, use, useEffect, useState } from 'react';
import { en } from './en';
import type { Texts } from './texts';

export const LANGUAGES = { en: 'English', fr: 'Français' } as const;
export type Language = keyof typeof LANGUAGES;

/** The only thing that the console keeps in the browser. */
const KEPT = 'aegis-console-language';

interface Spoken {
  language: Language;
  texts: Texts;
  speak: (language: Language) => void;
}

const SpokenContext = createContext<Spoken | undefined>(undefined);

function isLanguage(text: string | null): text is Language {
  return text !== null && text in LANGUAGES;
}

function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (isLanguage(kept)) return kept;
  const known = navigator.languages.map((one) => one.slice(0, 2)).find((one) => isLanguage(one));
  return known === 'fr' ? 'fr' : 'en';
}

/** French is loaded by those who read it. */
async function load(language: Language): Promise<Texts> {
  return language === 'fr' ? (await import('./fr')).fr : en;
}

/** Gives texts in the reader's language to everything below. */
export function InLanguage({ children }: { children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState(preferred);
  const [loaded, setLoaded] = useState<{ language: Language; texts: Texts }>();
  useEffect(() => {
    document.documentElement.lang = language;
    let isWanted = true;
    void load(language).then((texts) => {
      if (isWanted) setLoaded({ language, texts });
    });
    return () => {
      isWanted = false;
    };
  }, [language]);
  if (loaded === undefined) return null;
  const speak = (next: Language): void => {
    localStorage.setItem(KEPT, next);
    setLanguage(next);
  };
  return <SpokenContext value={{ ...loaded, speak }}>{children}</SpokenContext>;
}

/** The language, its texts, and how to change it. */
export function useLanguage(): Spoken {
  const spoken = use(SpokenContext);
  if (spoken === undefined) throw new Error('no language');
  return spoken;
}

/** The texts in the reader's language. */
export function useTexts(): Texts {
  return useLanguage().texts;
}
