import type { Texts } from '../texts';

export const support: Texts['support'] = {
  title: 'Assistance',
  intro: 'Collez le jeton du client. Il est envoyé au serveur, et n’est conservé nulle part.',
  token: 'Jeton',
  tokenHint: 'Les sauts de ligne, guillemets et marques de courriel autour ne gênent pas.',
  module: 'Module',
  moduleHint: 'Avec le module et la version, le serveur dit aussi ce qu’une installation obtiendrait.',
  version: 'Version',
  database: 'Base de données de l’installation',
  databaseHint: 'Son UUID ; seulement pour les licences liées à une installation.',
  domain: 'Domaine de l’installation',
  check: 'Vérifier le jeton',
  saysTitle: 'Ce que dit le jeton',
  verdictTitle: 'Ce qu’obtient une installation',
  refusedTitle: 'Le jeton n’est pas enregistré',
  usable: 'Valable',
  refused: 'Refusé',
  failedCheck: 'Contrôle en échec',
  todo: 'Que faire',
  newest: 'Jeton le plus récent de la licence',
  revision: 'Numéro du jeton',
  keyState: 'État de sa clé de signature',
  keyStates: { pending: 'En attente', active: 'Active', retired: 'Retirée', compromised: 'Compromise' },
  superseded: 'Remplacé depuis',
  cleaned: 'Ce que la copie avait ajouté a été retiré.',
  askMore: 'Indiquez le module et la version pour voir ce qu’une installation obtiendrait.',
  warnings: {
    EXPIRES_SOON: 'Elle se termine dans 30 jours ou moins.',
    IN_GRACE: 'Elle est terminée, et n’est valable que pour ses jours de grâce.',
    REISSUE_AVAILABLE: 'Il existe un jeton plus récent de la licence.',
    SEAT_OVERAGE: 'L’installation a été admise au-delà du nombre de postes.',
  },
  advice: {
    VALID: 'Tous les contrôles ont réussi.',
    MALFORMED:
      'Le texte n’est pas un jeton, ou a été abîmé en route. Demandez le fichier entier, sans sauts de ligne.',
    UNKNOWN_KEY:
      'Il est signé avec une clé que ce serveur n’a jamais eue : un autre serveur l’a émis, peut-être pour des essais.',
    SIGNATURE_INVALID:
      'Le texte a été modifié après la signature. Renvoyez le jeton, et demandez au client de ne pas le modifier.',
    KEY_COMPROMISED:
      'Sa clé de signature a été déclarée compromise. Réémettez la licence, et envoyez le nouveau jeton.',
    ISSUER_MISMATCH: 'Il est signé pour un autre émetteur : une autre gamme, ou un serveur plus ancien.',
    MODULE_MISMATCH:
      'Il est destiné à un autre module que celui qui a demandé. Envoyez le jeton de la bonne licence.',
    VERSION_NOT_ALLOWED:
      'La licence ne couvre pas cette version. Réémettez-la avec d’autres versions, si le client les a payées.',
    INSTANCE_REQUIRED:
      'La licence est liée à une installation, et le module n’a pas dit laquelle il est. Indiquez la base et le domaine, ou mettez le module à jour.',
    INSTANCE_MISMATCH:
      'La licence est liée à une autre installation. Si le client a déménagé, réémettez-la pour la nouvelle.',
    NOT_FOUND:
      'La signature est correcte, mais ce jeton n’est pas enregistré. Signalez-le à l’exploitant du serveur.',
    REVOKED:
      'La licence a été révoquée, et c’est définitif. Émettez une nouvelle licence si le client y a droit.',
    SUSPENDED: 'La licence est suspendue. Rétablissez-la une fois la cause réglée.',
    SUPERSEDED: 'Un jeton plus récent de la même licence a remplacé celui-ci. Envoyez le plus récent.',
    CUSTOMER_INACTIVE: 'Le client est inactif. Activez-le, s’il peut de nouveau utiliser ses licences.',
    EXPIRED: 'La licence est terminée. Renouvelez-la, et envoyez le nouveau jeton.',
    ACTIVATION_REQUIRED:
      'La licence compte ses installations, et la question n’a nommé aucun poste. Activez-la sur la machine.',
    ACTIVATION_ENDED: 'Le poste a été libéré, terminé ou repris. Activez de nouveau sur la machine.',
  },
};
