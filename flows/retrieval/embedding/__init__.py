"""Every photo to a vector, once per fingerprint, whatever breaks meanwhile."""
