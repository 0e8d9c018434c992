import type { Texts } from '../texts';

export const signIn: Texts['signIn'] = {
  title: 'Connexion',
  intro:
    'Connectez-vous avec une clé d’API. Elle est échangée contre une session de 12 heures au plus, et n’est pas conservée dans le navigateur.',
  key: 'Clé d’API',
  submit: 'Se connecter',
  wrongKey: 'Cette clé d’API est inconnue, ou n’est plus valable.',
  endedTitle: 'Votre session est terminée',
  endedIntro: 'Reconnectez-vous pour continuer. Votre saisie sur cette page est conservée.',
};
