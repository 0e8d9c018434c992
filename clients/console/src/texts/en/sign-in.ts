export const signIn = {
  title: 'Sign in',
  intro:
    'Sign in with an API key. It is exchanged for a session of at most 12 hours, and is not kept in the browser.',
  key: 'API key',
  submit: 'Sign in',
  wrongKey: 'This API key is not known, or has ended.',
  endedTitle: 'Your session has ended',
  endedIntro: 'Sign in again to continue. What you typed on this page is still here.',
};
