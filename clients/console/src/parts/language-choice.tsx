import { type ReactNode } from 'react';
import { LANGUAGES, useLanguage } from '../texts/language';

/** In which language the console speaks. */
export function LanguageChoice(): ReactNode {
  const { language, texts, speak } = useLanguage();
  return (
    <label className="language">
      <span>{texts.general.language}</span>
      <select
        className="input"
        value={language}
        onChange={(event) => {
          speak(event.target.value === 'fr' ? 'fr' : 'en');
        }}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
