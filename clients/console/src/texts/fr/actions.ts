import type { Texts } from '../texts';

export const actions: Texts['actions'] = {
  title: 'Actions',
  reason: 'Motif',
  reasonHint: 'Conservé avec la licence et dans la piste d’audit. De 1 à 500 caractères.',
  renew: {
    action: 'Renouveler',
    title: 'Renouveler la licence',
    consequence:
      'Un nouveau jeton avec la nouvelle fin est signé. Envoyez-le au client ; les jetons précédents restent valables jusqu’à leur propre fin.',
    by: 'Nouvelle fin',
    byDays: 'Selon un nombre de jours',
    byDate: 'À un moment précis',
    days: 'Jours',
    daysHint:
      'Comptés depuis la fin actuelle tant que la licence est valable, depuis maintenant si elle a expiré.',
    date: 'Se termine le',
    dateHint: 'Dans votre fuseau horaire.',
    done: 'La licence est renouvelée.',
  },
  reissue: {
    action: 'Réémettre',
    title: 'Réémettre la licence',
    consequence:
      'Un nouveau jeton est signé, avec le nom actuel du client et vos modifications. La fin ne change pas.',
    versions: 'Versions',
    versionsHint: 'Versions majeures, séparées par des virgules.',
    fingerprint: 'Liée à l’installation',
    fingerprintHint:
      'sha256: et 64 chiffres hexadécimaux. Vide : la licence n’est liée à aucune installation.',
    supersede: 'Retirer les jetons précédents : ils répondent SUPERSEDED dès maintenant',
    done: 'La licence est réémise.',
  },
  suspend: {
    action: 'Suspendre',
    title: 'Suspendre la licence',
    consequence:
      'Chaque installation qui interroge le serveur est refusée dès maintenant, jusqu’au rétablissement de la licence. La fin ne bouge pas.',
    done: 'La licence est suspendue.',
  },
  reinstate: {
    action: 'Rétablir',
    title: 'Rétablir la licence',
    consequence: 'La licence est de nouveau valable, jusqu’à sa fin.',
    done: 'La licence est rétablie.',
  },
  revoke: {
    action: 'Révoquer',
    title: 'Révoquer la licence',
    consequence:
      'Chaque installation qui interroge le serveur est refusée dès maintenant. C’est définitif : personne ne peut l’annuler.',
    named: (module, customer) => `${module} de ${customer}`,
    done: 'La licence est révoquée.',
  },
  issue: {
    title: 'Émettre une licence',
    customerHint: 'L’identifiant du client ; tapez pour chercher.',
    moduleHint: 'Le nom technique du module, par exemple payroll.',
    versionsHint: 'Versions majeures, séparées par des virgules, par exemple 17, 18.',
    days: 'Jours',
    daysHint: 'Durée de validité ; une démonstration dure 30 jours sauf indication contraire.',
    graceHint: 'Jours après la fin pendant lesquels elle est encore valable.',
    seats: 'Nombre de postes',
    seatsHint: 'Combien d’installations peuvent l’utiliser à la fois. Vide : elles ne sont pas comptées.',
    seatMode: 'Sorte de postes',
    entitlements: 'Droits inclus',
    entitlementsHint: 'Ce qu’elle permet en plus : un par ligne, sous la forme code=valeur.',
    notesHint: 'Pour vous seulement ; le client ne les voit pas.',
    submit: 'Émettre',
    done: 'La licence est émise.',
  },
};
