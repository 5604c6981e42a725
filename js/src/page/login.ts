/** What is shown instead of the page to who is not logged in. */
import { logInHere } from "./fragment";

logInHere();
