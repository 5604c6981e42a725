import jupyter from "@jupyter/eslint-plugin";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/**
 * The folders of `src`, in the order in which they build on each other: each may import from the rows above its own and
 * from itself, not from the rows below nor from its neighbors in the row.
 */
const LAYERS = [
  ["translation"],
  ["protocol"],
  ["ticket"],
  ["links"],
  ["client", "api"],
  ["session"],
  ["view"],
  ["forms"],
  ["page", "guest", "lab", "widget"],
];

/** What people read comes from the catalog, when it is shown. It begins with a capital letter, or has several words. */
const SENTENCE = String.raw`/^\s*[A-Z][a-z](?![\w-]*[-_][A-Z])/`;
const WORDS = "/^[^.{};=<][^{};=<]*[a-z]{2,} (?!sshx-)[a-z]{2,}/";
const NOT_READ = [
  "CallExpression[callee.object.name=trans] *",
  "NewExpression[callee.name=/^((Range|Type|Noise|Handshake)Error|MalformedMessage)$/] *", // by developers only
  "TSLiteralType > *",
  "BinaryExpression[operator=/^[!=]==$/] > *", // keys such as Enter
  "SwitchCase > *",
  "PropertyDefinition[key.name=name] > *", // of errors
  "Property > .key",
  "MemberExpression > TemplateLiteral > *",
  "Property[key.name=/^(type|description)$/] > *", // for programs
  "JSXAttribute[name.name=/^(className|d|rel)$/] *",
  "Property[key.name=keeps] > *",
]
  .map((each) => `:not(${each})`)
  .join("");
/** The strings that a layer must not have; what is below the client throws sentences only as whole ones. */
const stringsOf = (layer) => [
  ...(["protocol", "ticket", "links"].includes(layer) ? [SENTENCE] : [SENTENCE, WORDS])
    .flatMap((text) => [`Literal[value=${text}]`, `TemplateElement[value.cooked=${text}]`])
    .map((found) => ({
      selector: `${found}${NOT_READ}`,
      message: "Take it from the catalog: trans.__().",
    })),
  { selector: "JSXText[value=/[A-Za-z]{2}/]", message: "Take it from the catalog: {trans.__()}." },
  {
    selector: "CallExpression[callee.object.name=trans]:not(:function *)",
    message: "The language is not known yet while a module loads.",
  },
];

const boundaries = LAYERS.flatMap((row, at) => {
  const above = LAYERS.slice(0, at).flat();
  return row.map((layer) => {
    const others = LAYERS.flat().filter((other) => other !== layer && !above.includes(other));
    const regex = `^(?:\\.\\./)+(?:${others.join("|")})(?:/|$)`;
    const message = `${layer} may import from ${[...above, "itself"].join(", ")}.`;
    const patterns = [{ regex, message }];
    // Only the view and what builds on it know React, and only the plugin knows JupyterLab.
    if (at < LAYERS.findIndex((each) => each.includes("view")))
      patterns.push({ regex: "^(?:p?react|@xterm)", message });
    if (layer !== "lab") patterns.push({ regex: "^@(?:jupyterlab|lumino)/", message });
    return {
      files: [`src/${layer}/**`, `src/${layer}.ts`],
      rules: {
        "no-restricted-imports": ["error", { patterns }],
        // The rule above does not see `import()`.
        "no-restricted-syntax": [
          "error",
          ...stringsOf(layer),
          ...patterns.map(({ regex }) => ({
            selector: `ImportExpression[source.value=/${regex.replaceAll("/", "\\/")}/]`,
            message,
          })),
        ],
      },
    };
  });
});

export default tseslint.config(
  { ignores: ["lib/", "node_modules/", "sshx-web/"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  reactHooks.configs.flat["recommended-latest"],
  jsxA11y.flatConfigs.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-non-null-assertion": "off", // checked accesses of arrays that are known to be long enough
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "@typescript-eslint/unbound-method": "off",
    },
  },
  ...boundaries,
  {
    files: ["src/**"],
    plugins: { jupyter },
    rules: {
      "jupyter/no-untranslated-string": ["error", { checkProperties: ["hint", "text", "tip", "message"] }],
      "jupyter/no-translation-concatenation": "error",
      "jupyter/no-dynamic-translation": "error",
    },
  },
  { files: ["*.js", "*.mjs"], ...tseslint.configs.disableTypeChecked },
  { files: ["*.mjs"], rules: { "no-console": "off" } },
);
