/** The part of swagger-ui-dist that the docs page uses; the package ships no types. */
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  interface Options {
    url: string;
    dom_id: string;
    validatorUrl: string | null;
    deepLinking: boolean;
    docExpansion: 'list' | 'full' | 'none';
    defaultModelsExpandDepth: number;
  }
  export default function SwaggerUI(options: Options): unknown;
}
