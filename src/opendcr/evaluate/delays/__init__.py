"""Late reports: triangles, nowcasts, and studies that carry them."""
