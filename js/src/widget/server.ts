/** The Jupyter server that the page is from, as JupyterLab and Notebook write it into their pages. */

export interface PageServer {
  /** With a slash at its end. */
  root: URL;
  /** The server's own; empty where a cookie stands for it. */
  token: string;
}

/** Null on other pages, such as those of VS Code and Colab. */
export function pageServer(): PageServer | null {
  try {
    const text = document.getElementById("jupyter-config-data")?.textContent;
    const { baseUrl, token = "" } = JSON.parse(text ?? "") as { baseUrl: string; token?: string };
    return { root: new URL(baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`, location.href), token };
  } catch {
    return null;
  }
}
