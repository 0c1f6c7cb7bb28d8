"""What a shop sends: pages in one plain style, sitemaps, feeds as Shopify and WooCommerce have them, their headers."""
