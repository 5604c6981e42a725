/** The view's icons: 16 units square, drawn in the color of the text around them. */
import type { ReactNode } from "react";

function icon(drawing: ReactNode) {
  return function Icon() {
    return (
      <svg className="sshx-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        {drawing}
      </svg>
    );
  };
}

export const NewShellIcon = icon(
  <>
    <path d="M13.5 7V4A1.5 1.5 0 0 0 12 2.5H3A1.5 1.5 0 0 0 1.5 4v7A1.5 1.5 0 0 0 3 12.5h4.5" />
    <path d="M4.2 5.5 6.4 7.5 4.2 9.5M12 9.5v5M9.5 12h5" />
  </>,
);
export const FitIcon = icon(
  <>
    <path d="M2 5.5V3.2A1.2 1.2 0 0 1 3.2 2h2.3M10.5 2h2.3A1.2 1.2 0 0 1 14 3.2v2.3M14 10.5v2.3a1.2 1.2 0 0 1-1.2 1.2h-2.3M5.5 14H3.2A1.2 1.2 0 0 1 2 12.8v-2.3" />
    <path d="M5.5 6h5v4h-5z" />
  </>,
);
export const TidyIcon = icon(<path d="M2 2.5h5v4.5H2zM9.5 2.5H14v4.5H9.5zM2 9.5h5v4H2zM9.5 9.5H14v4H9.5z" />);
export const ChatIcon = icon(
  <>
    <path d="M3.5 2.5h9a1.5 1.5 0 0 1 1.5 1.5v5.5a1.5 1.5 0 0 1-1.5 1.5H8l-3.2 2.7V11H3.5A1.5 1.5 0 0 1 2 9.5V4a1.5 1.5 0 0 1 1.5-1.5z" />
    <path d="M5 5.6h6M5 8h3.8" />
  </>,
);
export const PeopleIcon = icon(
  <>
    <circle cx="6" cy="5.3" r="2.5" />
    <path d="M1.5 13.3c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4" />
    <path d="M10.6 3a2.4 2.4 0 0 1 0 4.6M12.3 9.7c1.4.6 2.2 1.9 2.2 3.6" />
  </>,
);
export const NetworkIcon = icon(<path d="M1.5 8.5h2.8L6.2 3.5l3.3 9 2-4h3" />);
export const SettingsIcon = icon(
  <>
    <path d="M2 4.5h6.5M12.5 4.5H14M2 11.5h1.5M7.5 11.5H14" />
    <circle cx="10.5" cy="4.5" r="1.9" />
    <circle cx="5.5" cy="11.5" r="1.9" />
  </>,
);
export const ShareIcon = icon(
  <>
    <path d="M8 9.5v-7.5M5.2 4.6 8 1.8l2.8 2.8" />
    <path d="M5 7H3.7A1.2 1.2 0 0 0 2.5 8.2v4.6A1.2 1.2 0 0 0 3.7 14h8.6a1.2 1.2 0 0 0 1.2-1.2V8.2A1.2 1.2 0 0 0 12.3 7H11" />
  </>,
);
export const LeaveIcon = icon(
  <>
    <path d="M9.5 4.5V3.2A1.2 1.2 0 0 0 8.3 2H3.7a1.2 1.2 0 0 0-1.2 1.2v9.6A1.2 1.2 0 0 0 3.7 14h4.6a1.2 1.2 0 0 0 1.2-1.2v-1.3" />
    <path d="M6.5 8h8M11.8 5.3 14.5 8l-2.7 2.7" />
  </>,
);
export const MoreIcon = icon(<path d="M3.5 8h.01M8 8h.01M12.5 8h.01" strokeWidth="2.4" />);
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const SendIcon = icon(<path d="M2.5 13.5 14 8 2.5 2.5v4.2L9 8l-6.5 1.3z" />);
export const DownIcon = icon(<path d="M8 3v9.5M4 8.7l4 4 4-4" />);
export const WaitIcon = icon(
  <>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 4.5V8l2.3 1.7" />
  </>,
);
export const LockIcon = icon(
  <>
    <rect x="3" y="7" width="10" height="7" rx="1.2" />
    <path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2M8 9.8v1.6" />
  </>,
);
export const DoorIcon = icon(
  <>
    <path d="M3.5 14V3.2A1.2 1.2 0 0 1 4.7 2h6.6a1.2 1.2 0 0 1 1.2 1.2V14M1.8 14h12.4M9.7 7.7v1" />
  </>,
);
export const WarningIcon = icon(
  <>
    <path d="M8 2.3 14.6 13.5H1.4z" />
    <path d="M8 6.5v3.2M8 11.3v.3" />
  </>,
);
export const UnpluggedIcon = icon(
  <>
    <path d="m2 14 2.2-2.2M14 2l-2.2 2.2M6 13.2a2.5 2.5 0 0 1-3.2-3.2l2-2 3.2 3.2zM10 2.8A2.5 2.5 0 0 1 13.2 6l-2 2L8 4.8z" />
    <path d="m6.7 7.3 1-1M8.7 9.3l1-1" />
  </>,
);
export const EndIcon = icon(
  <>
    <circle cx="8" cy="8" r="6" />
    <path d="M5.8 5.8h4.4v4.4H5.8z" />
  </>,
);
export const FindIcon = icon(<path d="M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14" />);
