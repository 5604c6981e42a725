import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/**
 * The folders of `src`, in the order in which they build on each other: each may import from the rows above its own and
 * from itself, not from the rows below nor from its neighbors in the row.
 */
const LAYERS = [
  ["protocol"],
  ["ticket"],
  ["links"],
  ["client", "api"],
  ["session"],
  ["view"],
  ["forms"],
  ["page", "guest", "lab", "widget"],
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
  { files: ["*.js", "*.mjs"], ...tseslint.configs.disableTypeChecked },
  { files: ["*.mjs"], rules: { "no-console": "off" } },
);
