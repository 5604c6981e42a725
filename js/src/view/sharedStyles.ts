/** The styles that all components build on. Each imports them before its own, so that its own win. */
import "./theme.css";
import "./controls.css";
