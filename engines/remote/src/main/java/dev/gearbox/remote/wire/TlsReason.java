package dev.gearbox.remote.wire;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Why two ends did not come to trust each other, in words for who has to mend it. */
public final class TlsReason {
  private static final String ALERT = "Received fatal alert: ";

  private TlsReason() {}

  /** The reason; null when the failure is none of TLS. */
  public static @Nullable String of(Throwable failure) {
    String reason = null;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      switch (cause) {
        case CertificateExpiredException e -> {
          return "the certificate has expired (" + message + ")";
        }
        case CertificateNotYetValidException e -> {
          return "the certificate is not valid yet (" + message + ")";
        }
        case CertPathBuilderException e ->
            reason = "the certificate is of no authority that is trusted here";
        case CertificateException e -> reason = "the certificate is not accepted: " + message;
        case SSLException e -> reason = reason == null ? said(message) : reason;
        default -> {}
      }
    }
    return reason;
  }

  private static String said(String message) {
    int alert = message.indexOf(ALERT);
    if (alert >= 0) {
      return "the other end refuses: "
          + message.substring(alert + ALERT.length()).replace('_', ' ');
    }
    return message.toLowerCase(Locale.ROOT).contains("empty client certificate chain")
            || message.toLowerCase(Locale.ROOT).contains("empty server certificate chain")
        ? "no certificate was shown"
        : "the handshake failed: " + message;
  }
}
