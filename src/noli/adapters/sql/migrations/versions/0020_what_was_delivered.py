# SPDX-License-Identifier: Apache-2.0
"""Up to where each partner was given everything, and how many records of types that are not taken came from it.

Before: code of the revision before runs on, both have a default.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them; what a partner said that it has, it was given."""
    op.add_column("partner", sa.Column("delivered", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE partner SET delivered = COALESCE("
        "(SELECT MAX(receipt.position) FROM receipt WHERE receipt.partner_id = partner.id AND receipt.key = ''), 0)"
    )
    op.add_column("sync_state", sa.Column("skipped", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("sync_state", "skipped")
    op.drop_column("partner", "delivered")
