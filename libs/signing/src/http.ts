export { SigningHttpModule } from './signing-http.module';
