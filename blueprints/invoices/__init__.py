"""A blueprint: invoices arrive as files, are checked against purchase orders, and are paid when people agree."""
