import { actions } from './actions';
import { customers } from './customers';
import { general } from './general';
import { licenses } from './licenses';
import { signIn } from './sign-in';
import { support } from './support';

export const en = { actions, customers, general, licenses, signIn, support };
